"""Reads the tables of data/: shared by gen.py, which the build runs, and import.py, which a maintainer runs.

A table (NAME.tbl) says which number each call has. One fact a line, '#' starts a comment:

    include FILE      take everything FILE says
    NAME NUMBER       the call NAME has this number
    absent NAME       an included file has NAME, this architecture has not (or has another number for it)

A list (architectures.tbl, pseudo.tbl) is rows of words; its first row names the columns.
"""
import os


class TableError(Exception):
    """A table says something that cannot be: the message names the file and the line."""


# Every file that was read: the build wants to know.
read_files = set()


def lines(path):
    """Yields (where, words) for every line that says something."""
    read_files.add(path)
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


def include(numbers, more, where):
    """Adds the included table `more`. Two tables may both include a third, but not contradict each other."""
    for name, number in more.items():
        if numbers.setdefault(name, number) != number:
            raise TableError('%s: %s is %d here and %d in a file included before'
                             % (where, name, number, numbers[name]))


def read_numbers(path):
    """{name: number} of a table with everything it includes. Numbers are without the architecture's base."""
    numbers = {}
    for where, words in lines(path):
        if len(words) != 2:
            raise TableError('%s: not "NAME NUMBER", "include FILE" or "absent NAME"' % where)
        if words[0] == 'include':
            include(numbers, read_numbers(os.path.join(os.path.dirname(path), words[1])), where)
        elif words[0] == 'absent':
            if numbers.pop(words[1], None) is None:
                raise TableError('%s: %s is not in an included file' % (where, words[1]))
        elif not words[1].isdigit():
            raise TableError('%s: "%s" is not a number' % (where, words[1]))
        elif words[0] in numbers:
            raise TableError('%s: %s is said twice' % (where, words[0]))
        else:
            numbers[words[0]] = int(words[1])
    return numbers
