#!/usr/bin/env python3
"""usage: gen.py groups|constants INPUT OUTPUT: data/*.tbl as C tables"""
import sys


def lines_of(path):
    with open(path) as file:
        for number, text in enumerate(file, 1):
            text = text.split('#')[0].rstrip()
            if text:
                yield f'{path}:{number}', text


def fail(place, words):
    sys.exit(f'{place}: {words}')


def read_groups(path):
    version, groups = None, {}
    for place, text in lines_of(path):
        if text.startswith('version '):
            version = int(text.split()[1])
        elif text.startswith('@'):
            name, _, purpose = text[1:].partition(' ')
            if name in groups or not purpose:
                fail(place, f'@{name} is there twice, or lacks its purpose')
            groups[name] = (purpose, [])
        elif text[0].isspace() and groups:
            groups[name][1].extend(text.split())
        else:
            fail(place, 'expected "version N", "@NAME PURPOSE" or an indented list')
    if version is None:
        fail(path, 'lacks "version N"')
    return version, groups


def expand(groups, name, within=()):
    if name in within or name not in groups:
        sys.exit(f'@{name}: there is no such set, or it contains itself')
    for word in groups[name][1]:
        if word.startswith('@'):
            yield from expand(groups, word[1:], within + (name,))
        else:
            yield word


def write_groups(path, out):
    version, groups = read_groups(path)
    out.write(f'const unsigned int group_version = {version};\n')
    for name in groups:
        names = sorted(set(expand(groups, name)))
        symbol = name.replace('-', '_')
        out.write(f'static const char *const group_{symbol}[] = {{\n')
        out.write(''.join(f'\t"{word}",\n' for word in names) + '\tNULL,\n};\n')
    out.write('const struct callgate_group group_table[] = {\n')
    for name in sorted(groups):
        out.write(f'\t{{"{name}", "{groups[name][0]}", group_{name.replace("-", "_")}}},\n')
    out.write(f'}};\nconst size_t group_count = {len(groups)};\n')


def write_constants(path, out):
    rows, columns = [], {}
    for place, text in lines_of(path):
        name, value, *exceptions = text.split()
        if any(row[0] == name for row in rows[-1:]):
            fail(place, f'{name} is there twice')
        pairs = [exception.split('=') for exception in exceptions]
        rows.append((name, value, pairs))
        for column, _ in pairs:
            columns.setdefault(column, len(columns))
    rows.sort()
    if len({row[0] for row in rows}) != len(rows):
        fail(path, 'a name is there twice')
    exceptions = []
    out.write('const struct constant constant_table[] = {\n')
    for name, value, pairs in rows:
        out.write(f'\t{{"{name}", {value}, {len(exceptions)}, {len(pairs)}}},\n')
        exceptions += pairs
    out.write(f'}};\nconst size_t constant_count = {len(rows)};\n')
    out.write('const struct constant_exception constant_exceptions[] = {\n')
    for column, value in exceptions:
        known = value != '-'
        out.write(f'\t{{"{column}", {value if known else 0}, {"true" if known else "false"}}},\n')
    out.write('};\n')


def main():
    kind, source, target = sys.argv[1:]
    with open(target, 'w') as out:
        out.write(f'/* Made by gen.py from {source.split("/")[-1]}. */\n#include "testing/tables.h"\n\n')
        {'groups': write_groups, 'constants': write_constants}[kind](source, out)


if __name__ == '__main__':
    main()
