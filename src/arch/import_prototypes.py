#!/usr/bin/python3
"""Writes data/prototypes.tbl from a kernel. Run by hand when there is a newer one; a build never runs it.

    src/arch/import_prototypes.py /sys/kernel/tracing/events/syscalls syscalls.h

The first argument says what the running kernel declares (CONFIG_FTRACE_SYSCALLS; x86_64, as root). Calls that its configuration
lacks are taken from include/linux/syscalls.h of Debian's linux-headers-*-common. What neither has, or what both say too
widely, is in the lists below.
"""
import os
import re
import sys

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data')

# The kernel's functions that are not named after their call.
RENAMED = {'newstat': 'stat', 'newlstat': 'lstat', 'newfstat': 'fstat', 'newuname': 'uname', 'umount': 'umount2',
           'sendfile64': 'sendfile', 'mmap_pgoff': 'mmap2'}

# Calls that are newer than the header, or that only some architectures have, after their SYSCALL_DEFINE lines.
OTHERS = {
    'mmap2': 'unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, '
             'unsigned long pgoff',
    'socketcall': 'int call, unsigned long * args',
    'ipc': 'unsigned int call, int first, unsigned long second, unsigned long third, void * ptr, long fifth',
    'setxattrat': 'int dfd, const char * pathname, unsigned int at_flags, const char * name, '
                  'const struct xattr_args * uargs, size_t usize',
    'getxattrat': 'int dfd, const char * pathname, unsigned int at_flags, const char * name, '
                  'struct xattr_args * uargs, size_t usize',
    'listxattrat': 'int dfd, const char * pathname, unsigned int at_flags, char * list, size_t size',
    'removexattrat': 'int dfd, const char * pathname, unsigned int at_flags, const char * name',
    'open_tree_attr': 'int dfd, const char * filename, unsigned flags, struct mount_attr * uattr, size_t usize',
    'file_getattr': 'int dfd, const char * filename, struct file_attr * ufattr, size_t usize, unsigned int at_flags',
    'file_setattr': 'int dfd, const char * filename, struct file_attr * ufattr, size_t usize, unsigned int at_flags',
    # The order of the arguments differs (CONFIG_CLONE_BACKWARDS2), and mmap's are in memory.
    'clone@s390': 'unsigned long newsp, unsigned long clone_flags, int * parent_tidptr, int * child_tidptr, '
                  'unsigned long tls',
    'clone@s390x': 'unsigned long newsp, unsigned long clone_flags, int * parent_tidptr, int * child_tidptr, '
                   'unsigned long tls',
    'mmap@s390x': 'struct s390_mmap_arg_struct * arg',
}

# Arguments that are declared as longs and of which the kernel uses the low 32 bits alone: fget() and calc_vm_*_bits() in
# mm/mmap.c, fdget() in fs/read_write.c, lower_32_bits() in kernel/fork.c.
LOW_HALF = {(call, argument) for call in ('mmap', 'mmap2') for argument in ('prot', 'flags', 'fd')}
LOW_HALF |= {(call, 'fd') for call in ('readv', 'writev', 'preadv', 'preadv2', 'pwritev', 'pwritev2')}
LOW_HALF |= {('clone', 'clone_flags'), ('clone@s390', 'clone_flags'), ('clone@s390x', 'clone_flags')}

HEAD = """\
# What the kernel declares each system call's arguments as: how it names them, and how wide it reads them. Written by
# import_prototypes.py.
#
# A line is a call and its arguments in order, each a type and a name. "NAME/32" is an argument that is declared as a long and
# of which only the low 32 bits count. "CALL@ARCH" is a call where it differs on one architecture. Types are those of 64-bit
# architectures: on others every argument is at most 32 bits wide.
"""


def tidy(parameter):
    parameter = re.sub(r'\b__user\b|\bconst (?=\w+ \w+$)', ' ', parameter.replace('\t', ' '))
    parameter = re.sub(r' *\* *', ' *', parameter)
    parameter = re.sub(r'\*(?=\w)', '* ', re.sub(r'\* \*', '**', parameter))
    return ' '.join(parameter.split())


def from_tracing(directory):
    for entry in os.listdir(directory):
        if entry.startswith('sys_enter_'):
            with open(os.path.join(directory, entry, 'format')) as file:
                fields = re.findall(r'field:([^;]*);', file.read())
            own = [field for field in fields if not re.search(r'\b(common_\w+|__syscall_nr)$', field)]
            yield entry[len('sys_enter_'):], [tidy(field) for field in own]


def from_header(path):
    with open(path) as file:
        text = file.read()
    for name, inside in re.findall(r'asmlinkage long sys_(\w+)\(([^)]*)\);', text):
        parameters = [tidy(part) for part in inside.split(',')] if inside.strip() != 'void' else []
        for i, parameter in enumerate(parameters):
            if not re.search(r'(\w|\*) \w+$', parameter) or re.fullmatch(r'(unsigned|const) \w+|struct \w+ \*+', parameter):
                parameters[i] = f'{parameter} arg{i}'
        yield name, parameters


def main(tracing, header):
    table = {}
    for source in from_tracing(tracing), from_header(header):
        for function, parameters in source:
            name = RENAMED.get(function, function)
            table.setdefault(name, parameters)
    for name, text in OTHERS.items():
        table[name] = [part.strip() for part in text.split(',')]
    known = known_calls()
    with open(os.path.join(DATA, 'prototypes.tbl'), 'w') as out:
        out.write(HEAD)
        for name in sorted(table):
            if name.split('@')[0] not in known:
                continue
            parts = [part + '/32' if (name, part.split()[-1]) in LOW_HALF else part for part in table[name]]
            out.write(f'{name}\t{", ".join(parts)}'.rstrip() + '\n')


def known_calls():
    names = set()
    for file in os.listdir(DATA):
        if file.endswith('.tbl') and file not in ('architectures.tbl', 'pseudo.tbl', 'prototypes.tbl'):
            with open(os.path.join(DATA, file)) as lines:
                names.update(line.split()[0] for line in lines if line.strip() and not line.startswith('#'))
    return names


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
