#!/usr/bin/python3
"""Turns data/ into C. Run by the build, standard library only.

    gen.py tables OUTPUT.c DEPFILE             descriptors, numbers and the hash of names, as generated.h declares them
    gen.py header TEMPLATE OUTPUT.h DEPFILE    seccomp-syscalls.h
    gen.py conditions OUTPUT.c DEPFILE         arch_conditions[] of the tool: what the preprocessor defines for each architecture

DEPFILE is where the files that were read are listed for the build.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
import tables

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, 'data')
SHARES = os.path.join(DATA, 'ordinary_work.inc')
PROTOTYPES = os.path.join(DATA, 'prototypes.tbl')

# Grep tag: TABLE LAYOUT (generated.h has the other half).
PACKED_NONE = 1023
NUMBER_FAR = 1008
HASH_BUCKETS = 128
HASH_SLOTS = 1024
NAME_LENGTH_MAX = 31
COMPAT_MOST = 3
ARGUMENTS = 6
WIDTH_CODES = {64: 0, 32: 1, 16: 2, None: 3}

# Where the numbers that are the same everywhere start.
COMMON_FIRST = 424
# From this pseudo number on (downwards) calls are young enough for headers in use not to have them yet (Linux 5.14).
PSEUDO_YOUNG = -10244
# Calls that <asm/unistd.h> of 32-bit ARM names __ARM_NR_*, counted from here.
ARM_PRIVATE_FIRST = 0x0f0000

# enum callgate_arch_mmap, by the words of the column.
MMAP = {'direct': 'CALLGATE_ARCH_MMAP_DIRECT', 'mmap2': 'CALLGATE_ARCH_MMAP_ONLY_MMAP2',
        'memory': 'CALLGATE_ARCH_MMAP_IN_MEMORY'}

# Names that share a pseudo number, which the ABI has had for too long to change.
PSEUDO_SHARED = {'switch_endian'}
PSEUDO_FIRST = -101


def pseudo_numbers(rows):
    """{name: pseudo number} of pseudo.tbl."""
    numbers = {}
    for row in rows:
        name, number = row['name'], int(row['number'])
        if name in numbers:
            raise tables.TableError('pseudo.tbl: %s is said twice' % name)
        if number in numbers.values() and name not in PSEUDO_SHARED:
            raise tables.TableError('pseudo.tbl: %s: %d is taken' % (name, number))
        if number > PSEUDO_FIRST:
            raise tables.TableError('pseudo.tbl: %s: %d is no pseudo number' % (name, number))
        numbers[name] = number
    return numbers


def linux(text):
    """(major, minor, patch)"""
    return tuple((list(map(int, text.split('.'))) + [0])[:3])


def interval(version, architecture):
    """The versions between which the call came to the architecture, both included; zeroes if it never did."""
    if version == 'never':
        return (0,) * 6
    first, _, by = version.partition('..')
    first = max(linux(first.rstrip('+')), linux(architecture['since']))
    by = linux(architecture['checked'] if version.endswith('+') else by) if version.endswith('+') or by else first
    return first + max(first, by)


class Facts:
    """Everything that data/ says, checked for contradictions."""

    def __init__(self, data=DATA):
        self.architectures = tables.read_list(os.path.join(data, 'architectures.tbl'))
        self.pseudo = pseudo_numbers(tables.read_list(os.path.join(data, 'pseudo.tbl')))
        self.tables = {}
        self.since = {}
        for architecture in self.architectures:
            name = architecture['table']
            calls = tables.read_calls(os.path.join(data, name + '.tbl'))
            self.tables[name] = {call: number for call, (number, _) in calls.items()}
            self.since[name] = {call: interval(version, architecture) for call, (_, version) in calls.items()}
        self.names = sorted({name for table in self.tables.values() for name in table})
        self.check()

    def check(self):
        for table, numbers in self.tables.items():
            taken = {}
            for name, number in numbers.items():
                if number in taken:
                    raise tables.TableError('%s.tbl: %s and %s are both %d' % (table, taken[number], name, number))
                taken[number] = name
        for name in self.names:
            if len(name) > NAME_LENGTH_MAX:
                raise tables.TableError('%s is longer than NAME_LENGTH_MAX' % name)
            if name not in self.pseudo and self.absent_somewhere(name):
                raise tables.TableError('%s is absent on an architecture: it needs a line in pseudo.tbl' % name)

    def absent_somewhere(self, name):
        return any(name not in numbers for numbers in self.tables.values())


def array(kind, name, values, size=''):
    lines = ['const %s %s[%s] = {' % (kind, name, size)]
    line = '\t'
    for value in values:
        if len(line) + len(str(value)) > 100:
            lines.append(line.rstrip())
            line = '\t'
        line += '%s, ' % value
    return '\n'.join(lines + [line.rstrip(), '};', ''])


def packed_array(name, values):
    """Values of ten bits, four in five bytes, and a byte more: reading one reads two bytes."""
    if min(values) < 0 or max(values) > PACKED_NONE:
        raise tables.TableError('%s: a value does not fit ten bits' % name)
    bits = sum(value << (10 * i) for i, value in enumerate(values))
    return array('uint8_t', name, bits.to_bytes((10 * len(values) + 7) // 8 + 1, 'little'))


def hash_name(name):
    value = 2166136261
    for byte in name.encode('ascii'):
        value = ((value ^ byte) * 16777619) & 0xffffffff
    return value


def hash_slot(value, displacement):
    return (value // HASH_BUCKETS + displacement * ((value >> 17) | 1)) % HASH_SLOTS


def perfect_hash(names):
    """(displacement per bucket, name index per slot): fills the fullest buckets first."""
    buckets = [[] for _ in range(HASH_BUCKETS)]
    for index, name in enumerate(names):
        buckets[hash_name(name) % HASH_BUCKETS].append(index)
    slots = [PACKED_NONE] * HASH_SLOTS
    displacements = [0] * HASH_BUCKETS
    for bucket in sorted(range(HASH_BUCKETS), key=lambda b: -len(buckets[b])):
        for displacement in range(256):
            wanted = [hash_slot(hash_name(names[index]), displacement) for index in buckets[bucket]]
            if len(set(wanted)) == len(wanted) and all(slots[slot] == PACKED_NONE for slot in wanted):
                break
        else:
            raise tables.TableError('no perfect hash: make HASH_SLOTS larger, here and in generated.h')
        displacements[bucket] = displacement
        for slot, index in zip(wanted, buckets[bucket]):
            slots[slot] = index
    return displacements, slots


def name_arrays(facts):
    offsets = []
    offset = 0
    for name in facts.names:
        offsets.append(offset)
        offset += len(name) + 1
    text = '\n'.join('\t"%s\\0"' % name for name in facts.names)
    displacements, slots = perfect_hash(facts.names)
    pseudo = [facts.pseudo.get(name, 0) for name in facts.names]
    order = sorted((i for i, number in enumerate(pseudo) if number), key=lambda i: (pseudo[i], facts.names[i]))
    return '\n'.join([
        'const uint16_t arch_name_count = %d;' % len(facts.names),
        array('uint16_t', 'arch_name_offset', offsets),
        'const char arch_name_text[] =\n%s;\n' % text,
        array('int16_t', 'arch_pseudo_numbers', pseudo),
        'const uint16_t arch_pseudo_count = %d;' % len(order),
        array('uint16_t', 'arch_pseudo_by_number', order),
        array('uint8_t', 'arch_hash_displacement', displacements, 'ARCH_HASH_BUCKETS'),
        packed_array('arch_hash_slot', slots),
    ])


def share_array(facts):
    """How often ordinary programs make each call; the file is C, and measured."""
    tables.read_files.add(SHARES)
    with open(SHARES, encoding='ascii') as file:
        shares = {name: int(share) for name, share in re.findall(r'^PRIOR\("(\w+)", (\d+)\)$', file.read(), re.M)}
    if not shares or max(shares.values()) > 0xffff:
        raise tables.TableError('ordinary_work.inc: no shares, or too large ones')
    return array('uint16_t', 'arch_shares', [shares.get(name, 0) for name in facts.names])


def widths_packed(arguments):
    """A code of two bits for each argument, argument 0 in the lowest."""
    codes = [WIDTH_CODES[tables.bits_of(argument)] for argument in arguments]
    codes += [WIDTH_CODES[None]] * (ARGUMENTS - len(codes))
    return sum(code << (2 * i) for i, code in enumerate(codes))


def width_arrays(facts):
    """How much the kernel reads of each argument: calls that have the same widths share an entry; calls without prototype have 0."""
    rows = tables.read_prototypes(PROTOTYPES)
    packed = {(call, arch): widths_packed(arguments) for call, arch, arguments in rows}
    architectures = [row['name'] for row in facts.architectures]
    for call, arch in packed:
        if call not in facts.names or arch and arch not in architectures:
            raise tables.TableError('prototypes.tbl: %s: there is no such call or architecture' % '@'.join((call, arch)))
    kinds = sorted(set(packed.values()) | {0})
    exceptions = ['\t{%d, %d, %d},' % (facts.names.index(call), architectures.index(arch), kinds.index(widths))
                  for (call, arch), widths in packed.items() if arch]
    return '\n'.join([
        array('uint16_t', 'arch_width_kinds', kinds),
        array('uint8_t', 'arch_widths', [kinds.index(packed.get((name, ''), 0)) for name in facts.names]),
        'const struct arch_width_exception arch_width_exceptions[] = {'] + exceptions + [
        '};', 'const uint16_t arch_width_exception_count = %d;' % len(exceptions), ''])


def packed_number(number):
    """The few that do not fit ten bits are counted from where the private calls of 32-bit ARM start."""
    packed = number - ARM_PRIVATE_FIRST + NUMBER_FAR if number >= ARM_PRIVATE_FIRST else number
    if packed >= PACKED_NONE or packed == number and number >= NUMBER_FAR:
        raise tables.TableError('%d is too large for arch_numbers' % number)
    return packed


def number_arrays(facts):
    """The numbers of the calls, and when they came: few intervals of versions are different, and neighbours mostly share one."""
    intervals = sorted({value for since in facts.since.values() for value in since.values()})
    if len(intervals) > 256 or max(max(value) for value in intervals) > 255:
        raise tables.TableError('the versions do not fit arch_since')
    numbers, by_number, starts, kinds, places = [], [], [], [], {}
    for table, known in facts.tables.items():
        order = sorted(known, key=known.get)
        sinces = [intervals.index(facts.since[table][name]) for name in order]
        runs = [i for i in range(len(sinces)) if i == 0 or sinces[i] != sinces[i - 1]]
        places[table] = (len(numbers), len(by_number), len(known), len(starts), len(runs))
        numbers += [packed_number(known[name]) if name in known else PACKED_NONE for name in facts.names]
        by_number += [facts.names.index(name) for name in order]
        starts += runs
        kinds += [sinces[i] for i in runs]
    return '\n'.join(
        [packed_array('arch_numbers', numbers), packed_array('arch_by_number', by_number)]
        + [array('struct callgate_since', 'arch_since', ['{{%d, %d, %d}, {%d, %d, %d}}' % value for value in intervals])]
        + [packed_array('arch_since_start', starts), array('uint8_t', 'arch_since_kind', kinds)]
        + ['const struct arch_private arch_privates[] = {']
        + ['\t{%d, %d, %d, %d, %d, {%s}},' % (places[row['table']] + (compat_positions(facts, row),)) for row in facts.architectures]
        + ['};', ''])


def initializer(fields):
    return '\t{\n%s\n\t},' % '\n'.join('\t\t.%s = %s,' % field for field in fields)


def text_or_null(word):
    return 'NULL' if word == '-' else '"%s"' % word


def compat_positions(facts, row):
    """The column as positions of architectures, counted from 1."""
    names = [] if row['compat'] == '-' else row['compat'].split(',')
    known = [other['name'] for other in facts.architectures]
    for name in names:
        if name not in known:
            raise tables.TableError('architectures.tbl: %s: there is no architecture %s' % (row['name'], name))
    if len(names) > COMPAT_MOST:
        raise tables.TableError('architectures.tbl: %s: more than COMPAT_MOST others' % row['name'])
    return ', '.join(str(known.index(name) + 1) for name in names) or '0'


def public_facts(facts, row):
    """What <callgate/arch.h> says about the architecture."""
    base = int(row['base'], 0)
    multiplexed = row['mux'] == 'yes'
    numbers = facts.tables[row['table']]
    return initializer([
        ('name', '"%s"' % row['name']), ('oci_name', '"%s"' % row['oci']), ('docker_name', '"%s"' % row['docker']),
        ('token', row['token'] + 'U'), ('audit', row['audit'] + 'U'),
        ('nr_first', row['first'] + 'U'), ('nr_last', row['last'] + 'U'), ('nr_base', row['base'] + 'U'),
        ('word_bits', {'32': '32', '64': '64'}[row['bits']]),
        ('register_bits', {'32': '32', '64': '64'}[row['registers']]),
        ('big_endian', {'big': 'true', 'little': 'false'}[row['endian']]),
        ('multiplexed', {'yes': 'true', 'no': 'false'}[row['mux']]),
        ('socketcall_nr', numbers['socketcall'] + base if multiplexed else -1),
        ('ipc_nr', numbers['ipc'] + base if multiplexed else -1),
        ('enosys', int(row['enosys'])), ('mmap', MMAP[row['mmap']]),
        ('strict_sigreturn', text_or_null(row['sigreturn'])), ('constants', '"%s"' % row['constants']),
    ])


def native_position(facts):
    lines = []
    for position, row in enumerate(facts.architectures):
        lines.append('#%s %s' % ('elif' if lines else 'if', row['native']))
        lines.append('const uint16_t arch_native_position = %d;' % position)
    return '\n'.join(lines + ['#else', '#error "no line of data/architectures.tbl is for this target"', '#endif', ''])


def write_tables(output):
    facts = Facts()
    with open(output, 'w', encoding='ascii') as file:
        file.write('/* Generated by src/arch/gen.py from src/arch/data: edit those. */\n#include "arch/generated.h"\n\n')
        file.write(name_arrays(facts) + '\n')
        file.write(share_array(facts) + '\n')
        file.write(width_arrays(facts) + '\n')
        file.write(number_arrays(facts) + '\n')
        file.write('const struct callgate_arch arch_descriptors[] = {\n')
        file.writelines(public_facts(facts, row) + '\n' for row in facts.architectures)
        file.write('};\n')
        file.write('const uint16_t arch_descriptor_count = %d;\n' % len(facts.architectures))
        file.write(native_position(facts))


def write_conditions(output):
    facts = Facts()
    with open(output, 'w', encoding='ascii') as file:
        file.write('/* Generated by src/arch/gen.py from src/arch/data: edit those. */\n#include "cli/print.h"\n\n')
        file.write('const char *const arch_conditions[] = {\n')
        file.writelines('\t"%s",\n' % row['native'] for row in facts.architectures)
        file.write('};\n')


def common_base(facts):
    """The preprocessor's expression for where numbers start, by architecture."""
    lines = []
    for row in facts.architectures:
        if int(row['base'], 0) != 0:
            lines.append('#%s %s' % ('elif' if lines else 'if', row['native']))
            lines.append('#define _SCMP_SNR_BASE %s' % row['base'])
    return '\n'.join(lines + ['#else', '#define _SCMP_SNR_BASE 0', '#endif'])


def fallback(facts, name):
    """What __SNR_name is where <asm/unistd.h> does not have the name; None: such headers are too old to be met."""
    numbers = {table[name] for table in facts.tables.values() if name in table}
    if not facts.absent_somewhere(name) and len(numbers) == 1 and min(numbers) >= COMMON_FIRST:
        return '(_SCMP_SNR_BASE + %d)' % min(numbers)
    return '__PNR_' + name if name in facts.pseudo else None


def young_lines(facts, name):
    """
    The number of a young call where the architecture has it and its header does not. The pseudo number would say "does not
    exist here", and a rule for it would silently do nothing.
    """
    conditions = {}
    if facts.pseudo.get(name, 0) <= PSEUDO_YOUNG:
        for row in facts.architectures:
            number = facts.tables[row['table']].get(name)
            if number is not None and number < ARM_PRIVATE_FIRST:
                conditions.setdefault(number, []).append('(%s)' % row['native'])
    lines = []
    for number, natives in sorted(conditions.items()):
        lines += ['#elif ' + ' || \\\n\t'.join(natives), '#define __SNR_%s (_SCMP_SNR_BASE + %d)' % (name, number)]
    return lines


def snr_lines(facts, name):
    other = fallback(facts, name)
    if other is None:
        return '#define __SNR_%s __NR_%s' % (name, name)
    lines = ['#ifdef __NR_' + name, '#define __SNR_%s __NR_%s' % (name, name)]
    if max(table.get(name, 0) for table in facts.tables.values()) >= ARM_PRIVATE_FIRST:
        lines += ['#elif defined(__ARM_NR_%s)' % name, '#define __SNR_%s __ARM_NR_%s' % (name, name)]
    lines += young_lines(facts, name)
    return '\n'.join(lines + ['#else', '#define __SNR_%s %s' % (name, other), '#endif'])


def write_header(template, output):
    facts = Facts()
    with open(template, encoding='ascii') as file:
        text = file.read()
    pseudo = sorted(facts.pseudo.items(), key=lambda item: (-item[1], item[0]))
    parts = {
        '@BASE@': common_base(facts),
        '@PSEUDO@': '\n'.join('#define __PNR_%s %d' % item for item in pseudo),
        '@NUMBERS@': '\n'.join(snr_lines(facts, name) for name in facts.names),
    }
    for mark, part in parts.items():
        text = text.replace(mark, part)
    with open(output, 'w', encoding='ascii') as file:
        file.write(text)


def write_depfile(path, output):
    read = [os.path.abspath(__file__), tables.__file__] + sorted(tables.read_files)
    with open(path, 'w', encoding='utf-8') as file:
        file.write('%s: %s\n' % (output, ' '.join(name.replace(' ', '\\ ') for name in read)))


def main(arguments):
    if len(arguments) == 3 and arguments[0] == 'tables':
        write_tables(arguments[1])
    elif len(arguments) == 3 and arguments[0] == 'conditions':
        write_conditions(arguments[1])
    elif len(arguments) == 4 and arguments[0] == 'header':
        write_header(arguments[1], arguments[2])
    else:
        sys.exit(__doc__)
    write_depfile(arguments[-1], arguments[-2])


if __name__ == '__main__':
    try:
        main(sys.argv[1:])
    except tables.TableError as error:
        sys.exit('gen.py: %s' % error)
