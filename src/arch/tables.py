"""Reads the tables of data/: shared by gen.py, which the build runs, and import.py, which a maintainer runs.

A table (NAME.tbl) says which number each call has. One fact a line, '#' starts a comment:

    include FILE      take everything FILE says
    NAME NUMBER       the call NAME has this number (a line here wins over an included one)
    absent NAME       an included file has NAME, this architecture has not

A list (architectures.tbl, pseudo.tbl) is rows of words; its first row names the columns.
"""
import os


class TableError(Exception):
    """A table says something that cannot be: the message names the file and the line."""


def lines(path):
    """Yields (where, words) for every line that says something."""
    with open(path, encoding='ascii') as file:
        for number, line in enumerate(file, 1):
            words = line.split('#')[0].split()
            if words:
                yield '%s:%d' % (path, number), words


def read_list(path):
    """The rows of a list as dictionaries; the last column takes the rest of its line."""
    rows = []
    columns = None
    for where, words in lines(path):
        if columns is None:
            columns = words
            continue
        if len(words) < len(columns):
            raise TableError('%s: %d words for %d columns' % (where, len(words), len(columns)))
        last = len(columns) - 1
        rows.append(dict(zip(columns, words[:last] + [' '.join(words[last:])])))
    return rows


def read_numbers(path):
    """{name: number} of a table with everything it includes. Numbers are without the architecture's base."""
    included = {}
    own = {}
    for where, words in lines(path):
        if words[0] == 'include' and len(words) == 2:
            included.update(read_numbers(os.path.join(os.path.dirname(path), words[1])))
        elif words[0] == 'absent' and len(words) == 2:
            if included.pop(words[1], None) is None:
                raise TableError('%s: %s is not in an included file' % (where, words[1]))
        elif len(words) == 2 and words[1].isdigit():
            if words[0] in own:
                raise TableError('%s: %s is said twice' % (where, words[0]))
            own[words[0]] = int(words[1])
        else:
            raise TableError('%s: not "NAME NUMBER", "include FILE" or "absent NAME"' % where)
    included.update(own)
    return included


def included_files(path):
    """The table's own path and those of all it includes, for the build's dependencies."""
    paths = [path]
    for _, words in lines(path):
        if words[0] == 'include':
            paths += included_files(os.path.join(os.path.dirname(path), words[1]))
    return paths
