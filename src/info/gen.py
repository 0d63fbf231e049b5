#!/usr/bin/env python3
"""usage: gen.py groups INPUT OUTPUT | gen.py constants INPUT ARCHITECTURES OUTPUT: data/*.tbl as C tables"""
import re
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


def read_constants(path):
    """the rows (name, value, [(column, value)]), and which column stands for another"""
    rows, like = [], {}
    for place, text in lines_of(path):
        name, value, *exceptions = text.split()
        if name == 'like':
            like[value] = exceptions[0]
            continue
        if any(row[0] == name for row in rows[-1:]):
            fail(place, f'{name} is there twice')
        rows.append((name, value, [tuple(exception.split('=')) for exception in exceptions]))
    if len({row[0] for row in rows}) != len(rows):
        fail(path, 'a name is there twice')
    return rows, like


def columns_of(path, rows, like):
    """the columns in the order of their numbers, and (token, column) of each architecture"""
    columns = sorted({column for row in rows for column, _ in row[2]} | set(like.values()))
    table = [line.split() for _, line in lines_of(path)]
    archs = []
    for row in table[1:]:
        entry = dict(zip(table[0], row))
        own = [column for column in (entry['name'], entry['table']) if column in columns]
        others = [like[name] for name in (entry['name'], entry['table'], '*') if name in like]
        archs.append((entry['token'], (own + others)[0]))
    return columns, archs


def write_constants(path, architectures, out):
    rows, like = read_constants(path)
    columns, archs = columns_of(architectures, rows, like)
    errors = [name for name, _, _ in rows if re.fullmatch('E(?!POLL)[A-Z0-9]+', name)]
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
    out.write('};\nconst struct constant_column constant_columns[] = {\n')
    out.write(''.join(f'\t{{{token}, {columns.index(column)}}}, /* {column} */\n' for token, column in archs))
    out.write(f'}};\nconst size_t constant_column_count = {len(archs)};\n')
    out.write('const char *const error_table[] = {\n' + ''.join(f'\t"{name}",\n' for name in errors))
    out.write(f'}};\nconst size_t error_count = {len(errors)};\n')


def main():
    kind, *sources, target = sys.argv[1:]
    with open(target, 'w') as out:
        out.write(f'/* Made by gen.py from {sources[0].split("/")[-1]}. */\n#include "info/tables.h"\n\n')
        {'groups': write_groups, 'constants': write_constants}[kind](*sources, out)


if __name__ == '__main__':
    main()
