#!/usr/bin/python3
"""Writes data/*.tbl from the kernel's own headers. Run by hand when the kernel has new calls; a build never runs it.

    apt-get download linux-libc-dev linux-libc-dev-{armhf,arm64,m68k,mips,hppa,powerpc,riscv64,s390x,sh4}-cross
    for deb in *.deb; do dpkg -x "$deb" root; done
    src/arch/import.py root NEWER.csv
    src/arch/import.py root --facts tests/unit/arch/syscalls.csv

The second form writes what the headers say as a table of names and architectures, which the tests hold data/*.tbl against:
tables are edited by hand, and this one is not.

root       where those packages were unpacked: <asm/unistd.h> of every architecture
NEWER.csv  numbers of calls that are newer than the headers; the first row is name,TABLE,..., an empty cell says that
           the call does not exist there. A cell that contradicts a header stops the script.

A name that is in today's tables and in neither source stops it too: nothing is lost by running it. The versions of Linux that calls came
with are those of today's tables; what is new there gets "1.0..VERSION", up to the headers' version, and wants a better one by hand.
"""
import csv
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import tables

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data')
LP64 = ['-D__LP64__', '-D__SIZEOF_POINTER__=8', '-D__SIZEOF_LONG__=8']
MIPS = ['-D_MIPS_SIM_ABI32=1', '-D_MIPS_SIM_NABI32=2', '-D_MIPS_SIM_ABI64=3']

# table: (include directory, header, what the target's compiler would predefine, base of the numbers)
HEADERS = {
    'x86': ('include/x86_64-linux-gnu', 'asm/unistd.h', ['-D__i386__'], 0),
    'x86_64': ('include/x86_64-linux-gnu', 'asm/unistd.h', ['-D__x86_64__'] + LP64, 0),
    'x32': ('include/x86_64-linux-gnu', 'asm/unistd.h', ['-D__x86_64__', '-D__ILP32__'], 0x40000000),
    'arm': ('arm-linux-gnueabihf/include', 'asm/unistd.h', ['-D__arm__', '-D__ARM_EABI__'], 0),
    'aarch64': ('aarch64-linux-gnu/include', 'asm/unistd.h', LP64, 0),
    'loongarch64': ('aarch64-linux-gnu/include', 'asm-generic/unistd.h', LP64 + ['-D__ARCH_WANT_SYS_CLONE3'], 0),
    'm68k': ('m68k-linux-gnu/include', 'asm/unistd.h', [], 0),
    'mips': ('mips-linux-gnu/include', 'asm/unistd.h', MIPS + ['-D_MIPS_SIM=1'], 4000),
    'mips64': ('mips-linux-gnu/include', 'asm/unistd.h', MIPS + ['-D_MIPS_SIM=3'] + LP64, 5000),
    'mips64n32': ('mips-linux-gnu/include', 'asm/unistd.h', MIPS + ['-D_MIPS_SIM=2'], 6000),
    'parisc': ('hppa-linux-gnu/include', 'asm/unistd.h', [], 0),
    'parisc64': ('hppa-linux-gnu/include', 'asm/unistd.h', LP64, 0),
    'ppc': ('powerpc-linux-gnu/include', 'asm/unistd.h', [], 0),
    'ppc64': ('powerpc-linux-gnu/include', 'asm/unistd.h', ['-D__powerpc64__'] + LP64, 0),
    'riscv64': ('riscv64-linux-gnu/include', 'asm/unistd.h', LP64 + ['-D__riscv_xlen=64'], 0),
    's390': ('s390x-linux-gnu/include', 'asm/unistd.h', [], 0),
    's390x': ('s390x-linux-gnu/include', 'asm/unistd.h', ['-D__s390x__'] + LP64, 0),
    'sh': ('sh4-linux-gnu/include', 'asm/unistd.h', [], 0),
}

# Parts that tables have in common: (file, what it is, what it includes, whose, first and last number).
ALL = list(HEADERS)
SHARED = [
    ('since-424.tbl', '''New calls have the same number everywhere since Linux 5.1: a new call is a line here.
# One that some architecture lacks needs "absent NAME" in that table too, and a pseudo number in pseudo.tbl.''',
     [], ALL, 424, 511),
    ('time64.tbl', '64-bit time on 32-bit architectures (Linux 5.1).',
     [], ['x86', 'arm', 'm68k', 'mips', 'mips64n32', 'parisc', 'ppc', 's390', 'sh'], 403, 423),
    ('generic.tbl', "The kernel's generic table, which newer architectures use.",
     ['since-424.tbl'], ['aarch64', 'loongarch64', 'riscv64'], 0, 402),
    ('original.tbl', "The numbers that older architectures took over from Linux's first one.",
     ['since-424.tbl'],
     ['x86', 'arm', 'm68k', 'mips', 'parisc', 'parisc64', 'ppc', 'ppc64', 's390', 's390x', 'sh'], 0, 402),
    ('x86_64-common.tbl', 'What x86_64 and x32 share.', ['since-424.tbl'], ['x86_64', 'x32'], 0, 402),
    ('mips64-common.tbl', 'What the n64 and n32 ABIs of MIPS share.',
     ['since-424.tbl'], ['mips64', 'mips64n32'], 0, 402),
    ('parisc-common.tbl', 'What 32-bit and 64-bit PA-RISC share.', ['original.tbl'], ['parisc', 'parisc64'], 0, 511),
    ('ppc-common.tbl', 'What 32-bit and 64-bit PowerPC share.', ['original.tbl'], ['ppc', 'ppc64'], 0, 511),
    ('s390-common.tbl', 'What 31-bit and 64-bit s390 share.', ['original.tbl'], ['s390', 's390x'], 0, 511),
]

# Names of the headers that are no calls, and second names of a call (the tables have one name per number).
NO_CALL = re.compile(r'Linux|syscalls|(OABI_)?SYSCALL_(BASE|MASK)|BASE|arch_specific_syscall|(unused|reserved)\d+')
SECOND_NAMES = {
    'arm': {'sync_file_range2'},  # an alias of arm_sync_file_range
}
# What a header of 6.1 has and a newer kernel has not.
EXCEPTIONS = {
    'parisc64': {'_llseek'},
}


def preprocess(root, table, text):
    directory, header, defines, _ = HEADERS[table]
    command = ['cc', '-E', '-P', '-undef', '-nostdinc', '-isystem', os.path.join(root, 'usr', directory),
               '-isystem', os.path.join(root, 'usr', 'include')] + defines
    if text is None:
        command, text = command + ['-dM'], ''
    source = '#include <%s>\n%s' % (header, text)
    return subprocess.run(command + ['-'], input=source, stdout=subprocess.PIPE, check=True, text=True).stdout


def number(expression):
    """The value of a sum of constants, such as (0x40000000 + 1)."""
    return sum(int(term, 0) for term in re.sub(r'[()\s]', '', expression).split('+'))


def header_numbers(root, table):
    """{name: number} as <asm/unistd.h> has it, without the base."""
    base = HEADERS[table][3]
    macros = re.findall(r'^#define (__NR_|__ARM_NR_)(\w+)', preprocess(root, table, None), re.M)
    text = ''.join('@%s %s%s\n' % (name, prefix, name) for prefix, name in macros)
    numbers = {}
    for name, expression in re.findall(r'^@(\w+) (.*)$', preprocess(root, table, text), re.M):
        if NO_CALL.fullmatch(name) or name in SECOND_NAMES.get(table, ()) or name in EXCEPTIONS.get(table, ()):
            continue
        numbers[name] = number(expression) - base
    return numbers


def newer_numbers(path):
    """{table: {name: number}} of the CSV."""
    with open(path, encoding='ascii') as file:
        rows = csv.DictReader(line for line in file if not line.startswith('#'))
        result = {table: {} for table in ALL}
        for row in rows:
            for table in ALL:
                if row.get(table):
                    result[table][row['name']] = int(row[table])
    return result


def merge(table, numbers, newer):
    """The header's numbers and what only the newer source has."""
    for name, value in newer.items():
        if numbers.setdefault(name, value) != value:
            sys.exit('%s: %s is %d in the header and %d in the newer source' % (table, name, numbers[name], value))
    path = os.path.join(DATA, table + '.tbl')
    if os.path.exists(path):
        lost = set(tables.read_numbers(path)) - set(numbers)
        if lost:
            sys.exit('%s: in the table and in no source: %s' % (path, ' '.join(sorted(lost))))
    return numbers


def known_versions(root):
    """{table: {name: version}} of today's tables, and the version of what is new."""
    known = {}
    for table in ALL:
        path = os.path.join(DATA, table + '.tbl')
        calls = tables.read_calls(path) if os.path.exists(path) else {}
        known[table] = {name: since for name, (_, since) in calls.items()}
    return known, '1.0..' + version(root)


def usual(versions, members, name):
    """What most of the members say, and of equals the first."""
    known, new = versions
    said = [known[table].get(name, new) for table in members]
    return max(said, key=said.count)


def write(name, title, includes, absent, calls, other_versions):
    with open(os.path.join(DATA, name), 'w', encoding='ascii') as file:
        file.write('# %s\n' % title)
        file.writelines('include %s\n' % include for include in includes)
        file.writelines('absent %s\n' % call for call in sorted(absent))
        file.writelines('%s %d %s\n' % (call, nr, since) for call, (nr, since) in sorted(calls.items(), key=lambda item: item[1][0]))
        file.writelines('since %s %s\n' % item for item in sorted(other_versions.items()))


def shared_part(numbers, members, first, last):
    """What all members have; among the numbers that are the same everywhere, what nearly all have."""
    allowed = 1 if len(members) == len(ALL) else 0
    pairs = {}
    for table in members:
        for pair in numbers[table].items():
            pairs[pair] = pairs.get(pair, 0) + 1
    return {name: nr for (name, nr), count in pairs.items()
            if first <= nr <= last and count >= len(members) - allowed}


def without(numbers, included):
    return {name: nr for name, nr in numbers.items() if included.get(name, (None,))[0] != nr}


def main(root, newer_path):
    newer = newer_numbers(newer_path)
    numbers = {table: merge(table, header_numbers(root, table), newer[table]) for table in ALL}
    versions = known_versions(root)
    content = {}
    includes_of = {}
    for name, title, includes, members, first, last in SHARED:
        included = {}
        for include in includes:
            included.update(content[include])
        part = {call: (nr, usual(versions, [table for table in members if numbers[table].get(call) == nr], call))
                for call, nr in without(shared_part(numbers, members, first, last), included).items()}
        content[name] = {**included, **part}
        includes_of[name] = (includes, members)
        write(name, title, includes, [], part, {})
    for table in ALL:
        mine = [name for name, (_, members) in includes_of.items() if table in members]
        nested = {inner for name in mine for inner in includes_of[name][0]}
        mine = [name for name in mine if name not in nested]
        included = {}
        for name in mine:
            included.update(content[name])
        own = {call: (nr, usual(versions, [table], call)) for call, nr in without(numbers[table], included).items()}
        others = {call: usual(versions, [table], call) for call in included if call in numbers[table] and call not in own}
        write(table + '.tbl', 'System calls of %s.' % table, mine, set(included) - set(numbers[table]), own,
              {call: since for call, since in others.items() if since != included[call][1]})


def version(root):
    with open(os.path.join(root, 'usr/include/linux/version.h'), encoding='ascii') as file:
        return '.'.join(re.findall(r'#define LINUX_VERSION_(?:MAJOR|PATCHLEVEL) (\d+)', file.read()))


def write_facts(root, path):
    numbers = {table: header_numbers(root, table) for table in ALL}
    names = sorted({name for table in ALL for name in numbers[table]})
    with open(path, 'w', encoding='ascii') as file:
        file.write('# Numbers of system calls, without the base, in the headers of Linux %s; empty: the call does not exist there.\n'
                   % version(root))
        file.write('# Written by src/arch/import.py.\n')
        file.write(','.join(['name'] + ALL) + '\n')
        for name in names:
            file.write(','.join([name] + [str(numbers[table].get(name, '')) for table in ALL]) + '\n')


if __name__ == '__main__':
    if len(sys.argv) == 4 and sys.argv[2] == '--facts':
        write_facts(sys.argv[1], sys.argv[3])
    elif len(sys.argv) == 3:
        main(sys.argv[1], sys.argv[2])
    else:
        sys.exit(__doc__)
