#!/usr/bin/env python3
"""usage: gen.py KIND INPUT... OUTPUT: data/*.tbl as C tables, or errors for an #include"""
import fnmatch
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../arch'))
import tables


def lines_of(path):
    with open(path) as file:
        for number, text in enumerate(file, 1):
            text = text.split('#')[0].rstrip()
            if text:
                yield f'{path}:{number}', text


def fail(place, words):
    sys.exit(f'{place}: {words}')


def read_set_line(place, text, contents):
    """"CALLS: REASON" adds, "- CALLS: REASON" takes out, and other words are sets with their versions"""
    words, _, reason = text.partition(':')
    removes = words.split()[0] == '-'
    for word in words.split()[removes:]:
        if not word.startswith('@') and not reason.strip():
            fail(place, f'{word} has no reason')
        contents.append((word, None if removes else reason.strip()))


def read_groups(path):
    """the version of the table, and (name, version): (purpose, [(word, reason)])"""
    version, groups, current = None, {}, None
    for place, text in lines_of(path):
        heading = re.fullmatch(r'@([a-z-]+)@([1-9][0-9]*) (.+)', text)
        if text.startswith('version '):
            version = int(text.split()[1])
        elif heading:
            current = heading[1], int(heading[2])
            if current in groups or (current[1] > 1 and (current[0], current[1] - 1) not in groups):
                fail(place, f'@{current[0]} has this version, or lacks the one before it')
            groups[current] = (heading[3], [])
        elif text[0].isspace() and current:
            read_set_line(place, text, groups[current][1])
        else:
            fail(place, 'expected "version N", "@NAME@VERSION PURPOSE" or an indented line')
    if version is None:
        fail(path, 'lacks "version N"')
    return version, groups


def expand(groups, key, within=()):
    """call: reason"""
    if key in within or key not in groups:
        sys.exit(f'@{key[0]}@{key[1]}: there is no such set, or it contains itself')
    calls = {}
    for word, reason in groups[key][1]:
        if word.startswith('@'):
            name, _, version = word[1:].partition('@')
            calls.update(expand(groups, (name, int(version or 0)), within + (key,)))
        elif reason is None and word in calls:
            del calls[word]
        elif reason is None or (word in calls and calls[word] == reason):
            sys.exit(f'@{key[0]}@{key[1]}: {word} is there twice, or can not leave it')
        else:
            calls.setdefault(word, reason)
    return calls


def write_groups(path, out):
    version, groups = read_groups(path)
    out.write(f'const unsigned int group_version = {version};\n')
    for name, number in groups:
        calls = expand(groups, (name, number))
        symbol = f'{name.replace("-", "_")}_{number}'
        out.write(f'static const char *const group_{symbol}[] = {{\n')
        out.write(''.join(f'\t"{call}",\n' for call in sorted(calls)) + '\tNULL,\n};\n')
        out.write(f'static const char *const reasons_{symbol}[] = {{\n')
        out.write(''.join(f'\t"{calls[call]}",\n' for call in sorted(calls)) + '\tNULL,\n};\n')
    out.write('const struct group_row group_table[] = {\n')
    for name, number in sorted(groups):
        symbol = f'{name.replace("-", "_")}_{number}'
        out.write(f'\t{{{{"{name}", "{groups[name, number][0]}", group_{symbol}}}, {number}, {len(expand(groups, (name, number)))}, reasons_{symbol}}},\n')
    out.write(f'}};\nconst size_t group_count = {len(groups)};\n')


def read_constants(path):
    """the rows (name, value, [(column, value)])"""
    rows = []
    for place, text in lines_of(path):
        name, value, *exceptions = text.split()
        if any(row[0] == name for row in rows[-1:]):
            fail(place, f'{name} is there twice')
        rows.append((name, value, [tuple(exception.split('=')) for exception in exceptions]))
    if len({row[0] for row in rows}) != len(rows):
        fail(path, 'a name is there twice')
    return rows


def errors_of(rows):
    return [name for name, _, _ in rows if re.fullmatch('E(?!POLL)[A-Z0-9]+', name)]


def write_constants(path, out):
    rows = read_constants(path)
    columns = sorted({column for row in rows for column, _ in row[2]})
    errors = errors_of(rows)
    exceptions = []
    out.write('const struct constant constant_table[] = {\n')
    for name, value, pairs in sorted(rows):
        out.write(f'\t{{"{name}", {value}, {len(exceptions)}, {len(pairs)}}},\n')
        exceptions += pairs
    out.write(f'}};\nconst size_t constant_count = {len(rows)};\n')
    out.write('const struct constant_exception constant_exceptions[] = {\n')
    for column, value in exceptions:
        known = value != '-'
        out.write(f'\t{{{columns.index(column)}, {"true" if known else "false"}, {value if known else 0}}},\n')
    out.write('};\nconst char *const constant_columns[] = {\n')
    out.write(''.join(f'\t"{column}",\n' for column in columns))
    out.write(f'}};\nconst size_t constant_column_count = {len(columns)};\n')
    out.write('const char *const error_table[] = {\n' + ''.join(f'\t"{name}",\n' for name in errors))
    out.write(f'}};\nconst size_t error_count = {len(errors)};\n')


def choose(patterns, names, place):
    """the names that patterns with commas mean, in the order of the patterns"""
    chosen = []
    for pattern in patterns.split(','):
        found = fnmatch.filter(names, pattern.lstrip('!'))
        if not found:
            fail(place, f'no constant is called {pattern}')
        if pattern.startswith('!'):
            chosen = [name for name in chosen if name not in found]
        else:
            chosen += [name for name in found if name not in chosen]
    return chosen


def read_families(path, names):
    """family: [(mask, name)], and (call, argument): family"""
    families, arguments = {}, {}
    for place, text in lines_of(path):
        kind, *words = text.split()
        if kind == 'family' and len(words) > 1:
            families[words[0]] = [(token.rpartition(':')[0] or '0', name) for token in words[1:]
                                  for name in choose(token.rpartition(':')[2], names, place)]
        elif kind == 'argument' and len(words) == 3 and words[2] in families:
            for call in words[0].split(','):
                arguments.update({(call, name): words[2] for name in words[1].split(',')})
        else:
            fail(place, 'expected "family NAME CONSTANTS" or "argument CALLS NAMES FAMILY"')
    return families, arguments


SHOWN = [  # what an argument is printed as where it has no family: the first whose pattern its declaration matches
    ('DIRECTORY', r'int (\w*dfd|dirfd|\w+_dfd)$'),
    ('PATH', r'const char \* (filename|pathname|path|name|oldname|newname|library|special|put_old|new_root)$'),
    ('POINTER', r'.*\*'),
    ('ADDRESS', r'unsigned long (addr|start|brk|old_addr|new_addr|newsp)$'),
    ('MODE', r'umode_t '),
    ('UNSIGNED', r'(size_t|u?int|unsigned( int)?) (len|size|count|nfds|nr_\w+|\w*size|vlen|\w*fd)$'),
    ('SIGNED', r'(int|pid_t|uid_t|gid_t|loff_t|off_t|long|clockid_t|key_serial_t|timer_t) '),
    ('HEX', ''),
]


def shown_as(argument):
    return next(kind for kind, pattern in SHOWN if re.match(pattern, argument))


def write_prototypes(prototypes, arguments, constants, out):
    families, chosen = read_families(arguments, [row[0] for row in read_constants(constants)])
    for name, entries in families.items():
        out.write(f'static const struct family_constant family_{name.replace("-", "_")}[] = {{\n')
        out.write(''.join(f'\t{{"{constant}", {"0xffffffff" if mask == "all" else mask}}},\n' for mask, constant in entries) + '\t{NULL, 0},\n};\n')
    rows = tables.read_prototypes(prototypes)
    declared = {(call, argument.split()[-1].removesuffix('/32')) for call, _, arguments in rows for argument in arguments}
    for call, name in sorted(chosen.keys() - declared):
        fail(arguments, f'{call} has no argument {name}')
    out.write('const struct prototype prototype_table[] = {\n')
    for call, arch, arguments in rows:
        arch = f'"{arch}"' if arch else 'NULL'
        out.write(f'\t{{"{call}", {arch}, {{')
        for argument in arguments:
            name = argument.split()[-1].removesuffix('/32')
            family = chosen.get((call, name))
            family = f'family_{family.replace("-", "_")}' if family else 'NULL'
            out.write(f'{{"{name}", SHOWN_{shown_as(argument)}, {family}}}, ')
        out.write('}},\n')
    out.write(f'}};\nconst size_t prototype_count = {len(rows)};\n')


KINDS = ('same', 'larger', 'partial')  # ORDER callgate_bypass_kind
SORTS = ('twin', 'multiplexer', 'io_uring', 'other')  # ORDER callgate_bypass_sort
CALLS = re.compile(r'(\w+)(?:\((?:(\w+)([&=])([\w|]+)|(\w+))\))?$')


def read_calls(text, place, is_way):
    """(call, match, argument, constants, operation) of "CALL(argument&A|B)" and the like."""
    found = CALLS.match(text)
    if not found:
        fail(place, f'"{text}" is no call')
    call, argument, sign, constants, word = found.groups()
    if word:
        if not (word.startswith('IORING_OP_') if is_way else word == 'all'):
            fail(place, f'"{word}" stands on the wrong side, or means nothing')
        return call, 'ANY' if is_way else 'ALL', None, (), word if is_way else None
    if not sign:
        return call, 'ANY', None, (), None
    if constants == 'same' and is_way and sign == '&':
        return call, 'SAME_BITS', argument, (), None
    return call, 'BITS' if sign == '&' else 'VALUES', argument, tuple(constants.split('|')), None


def edges_of(kind, words, place):
    """(kind, denied, way) for each pair of a row"""
    if kind == 'ladder':
        for high in range(len(words)):
            for low in range(high):
                yield 'larger', words[low], words[high]
                yield 'partial', words[high], words[low]
    elif kind == 'group':
        yield from (('same', a, b) for a in words for b in words if a != b)
    elif kind in KINDS and words.count('->') == 1:
        at = words.index('->')
        yield from ((kind, denied, way) for denied in words[:at] for way in words[at + 1:] if denied != way)
    else:
        fail(place, 'expected "KIND CALL... -> WAY...", "ladder CALL..." or "group CALL..."')


def read_bypasses(path):
    """{(denied, way): (kind, sort, condition, reason)}, and the pairs of names that are tried"""
    rows, tried, section = {}, {}, None
    for place, text in lines_of(path):
        heading = re.match(r'\[(\w+)\] (.+)$', text)
        if heading:
            section = heading.groups()
            if section[0] not in SORTS:
                fail(place, f'"{section[0]}" is no sort')
            continue
        row, _, condition = (part.strip() for part in text.partition(';'))
        kind, *words = row.split()
        if kind == 'tried':
            at = words.index('->')
            tried.update({(denied, way): place for denied in words[:at] for way in words[at + 1:]})
            continue
        for edge_kind, denied, way in edges_of(kind, words, place):
            key = (read_calls(denied, place, False), read_calls(way, place, True))
            if key in rows:
                fail(place, f'{denied} -> {way} is there twice')
            rows[key] = (edge_kind, section[0], condition or None, section[1])
    names = {(denied[0], way[0]) for denied, way in rows}
    for pair, place in tried.items():
        if pair not in names:
            fail(place, f'{pair[0]} -> {pair[1]} is tried, and no row')
    return rows, tried


def check_calls(calls, declared, constants, path):
    call, _, argument, names, _ = calls
    if argument and argument not in declared.get(call, ()):
        fail(path, f'{call} has no argument {argument}')
    for name in names:
        if not name.isdigit() and name not in constants:
            fail(path, f'there is no constant {name}')


def write_bypasses(path, prototypes, constants, out):
    """Rows that ascend by the denied call's name; those of one call stay in their order."""
    def quoted(text):
        return f'"{text}"' if text else 'NULL'

    rows, tried = read_bypasses(path)
    known, declared, lists = {row[0] for row in read_constants(constants)}, {}, {}
    for call, _, arguments in tables.read_prototypes(prototypes):
        declared.setdefault(call, set()).update(argument.split()[-1].removesuffix('/32') for argument in arguments)
    for calls in (calls for key in rows for calls in key):
        check_calls(calls, declared, known, path)
        if calls[3] and calls[3] not in lists:
            lists[calls[3]] = f'names_{len(lists)}'
            out.write(f'static const char *const {lists[calls[3]]}[] = {{{", ".join(map(quoted, calls[3]))}, NULL}};\n')
    out.write('const struct callgate_bypass bypass_table[] = {\n')
    for denied, way in sorted(rows, key=lambda key: key[0][0]):
        kind, sort, condition, reason = rows[denied, way]
        sides = ', '.join(f'{{"{call}", CALLGATE_BYPASS_MATCH_{match}, {quoted(argument)}, {lists.get(names, "NULL")}}}'
                          for call, match, argument, names, _ in (denied, way))
        is_tried = 'true' if (denied[0], way[0]) in tried else 'false'
        out.write(f'\t{{{sides}, CALLGATE_BYPASS_{kind.upper()}, CALLGATE_BYPASS_{sort.upper()}, {quoted(way[4])}, {quoted(condition)}, '
                  f'{quoted(reason)}, {is_tried}}},\n')
    out.write(f'}};\nconst size_t bypass_count = {len(rows)};\n')


def write_registers(path, out):
    rows = [(place, *text.split()) for place, text in lines_of(path)]
    out.write('const struct register_set register_sets[] = {\n')
    for place, arch, size, word, number, pointer, *arguments in rows:
        if len(arguments) != 6 or max(map(int, (number, pointer, *arguments))) >= int(size) // int(word):
            fail(place, 'expected six arguments, and places within the set')
        out.write(f'\t{{"{arch}", {size}, {word}, {number}, {pointer}, {{{", ".join(arguments)}}}}},\n')
    out.write(f'}};\nconst size_t register_set_count = {len(rows)};\n')


def write_errors(path, out):
    """ERROR(name) for each that this machine's <errno.h> has."""
    for name in errors_of(read_constants(path)):
        out.write(f'#ifdef {name}\nERROR({name})\n#endif\n')


def main():
    kind, *sources, target = sys.argv[1:]
    with open(target, 'w') as out:
        out.write(f'/* Made by gen.py from {" and ".join(source.split("/")[-1] for source in sources)}. */\n')
        if kind != 'errors':
            out.write('#include "info/tables.h"\n\n')
        writers = {'groups': write_groups, 'bypasses': write_bypasses, 'constants': write_constants, 'prototypes': write_prototypes,
                   'registers': write_registers, 'errors': write_errors}
        writers[kind](*sources, out)


if __name__ == '__main__':
    main()
