"""Reads the tables of data/: shared by gen.py, which the build runs, and import.py, which a maintainer runs.

A table (NAME.tbl) says which number each call has. One fact a line, '#' starts a comment:

    include FILE          take everything FILE says
    NAME NUMBER VERSION   the call NAME has this number, since this version of Linux
    absent NAME           an included file has NAME, this architecture has not (or has another number for it)
    since NAME VERSION    an included file has NAME, which this architecture has since another version

A version is "5.6", which is exact; "2.0+", which may be later there, but not later than the first one whose table was checked (column
"checked" of architectures.tbl); "4.18..4.19", between the two; or "never", for a reserved number that no kernel has implemented. No version is
older than the architecture itself (column "since").

A list (architectures.tbl, pseudo.tbl) is rows of words; its first row names the columns. prototypes.tbl says what calls take.
"""
import os
import re

VERSION = re.compile(r'never|\d+(\.\d+){1,2}(\+|\.\.\d+(\.\d+){1,2})?')


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
    for name, (number, version) in more.items():
        if numbers.setdefault(name, (number, version)) != (number, version):
            raise TableError('%s: %s is %d (%s) here and %d (%s) in a file included before'
                             % ((where, name, number, version) + numbers[name]))


def check_version(version, where):
    if not VERSION.fullmatch(version):
        raise TableError('%s: "%s" is no version, such as 5.6, 2.0+, 4.18..4.19 or never' % (where, version))


def read_included(numbers, name, where):
    """What an included file says of the call, which is not there any more."""
    if name not in numbers:
        raise TableError('%s: %s is not in an included file' % (where, name))
    return numbers.pop(name)


def read_calls(path):
    """{name: (number, version)} of a table with everything it includes. Numbers are without the architecture's base."""
    numbers = {}
    for where, words in lines(path):
        if len(words) == 2 and words[0] == 'include':
            include(numbers, read_calls(os.path.join(os.path.dirname(path), words[1])), where)
        elif len(words) == 2 and words[0] == 'absent':
            read_included(numbers, words[1], where)
        elif len(words) != 3:
            raise TableError('%s: not "NAME NUMBER VERSION", "include FILE", "absent NAME" or "since NAME VERSION"' % where)
        elif words[0] == 'since':
            check_version(words[2], where)
            numbers[words[1]] = (read_included(numbers, words[1], where)[0], words[2])
        elif not words[1].isdigit():
            raise TableError('%s: "%s" is not a number' % (where, words[1]))
        elif words[0] in numbers:
            raise TableError('%s: %s is said twice' % (where, words[0]))
        else:
            check_version(words[2], where)
            numbers[words[0]] = (int(words[1]), words[2])
    return numbers


def read_numbers(path):
    """{name: number} of a table with everything it includes."""
    return {name: number for name, (number, _) in read_calls(path).items()}


# How many bits of an argument the kernel reads, by the type that it declares.
BITS = {
    16: 'umode_t',
    32: 'int unsigned s32 u32 pid_t uid_t gid_t clockid_t timer_t mqd_t rwf_t key_t key_serial_t qid_t enum',
    64: 'long size_t off_t loff_t u64 aio_context_t old_sigset_t __kernel_old_time_t __sighandler_t cap_user_header_t '
        'cap_user_data_t',
}
BITS = {name: bits for bits, names in BITS.items() for name in names.split()}


def bits_of(argument):
    """How many bits of an argument such as "const int * name" or "unsigned long name/32" the kernel reads."""
    if argument.endswith('/32'):
        return 32
    if '*' in argument:
        return 64
    words = [re.sub(r'^__(?=[su]\d)', '', word) for word in argument.split()[:-1] if word != 'const']
    if words[0] == 'unsigned' and len(words) > 1:
        words = words[1:]
    if words[0] not in BITS or len(words) > 1 and words[0] != 'enum':
        raise TableError('"%s": how wide is this type?' % argument)
    return BITS[words[0]]


def read_prototypes(path):
    """(call, architecture or "", declarations of its arguments); what holds for one architecture alone comes first."""
    rows = []
    for where, words in lines(path):
        call, _, arch = words[0].partition('@')
        arguments = ' '.join(words[1:]).split(', ') if words[1:] else []
        if not re.fullmatch(r'\w+', call) or len(arguments) > 6:
            raise TableError('%s: expected a call and at most six arguments' % where)
        rows.append((call, arch, arguments))
    return sorted(rows, key=lambda row: (row[0], not row[1]))
