#!/usr/bin/python3
"""Writes data/constants.tbl from the kernel's own headers. Run by hand when they have something new; a build never runs it.

    apt-get download linux-libc-dev linux-libc-dev-{armhf,arm64,m68k,mips,hppa,powerpc,riscv64,s390x,sh4}-cross
    for deb in *.deb; do dpkg -x "$deb" root; done
    src/info/import.py root

What the headers for programs do not define (the kernel keeps AF_* and SOCK_* to itself, and some names are enumerators) is
in OTHERS below.
"""
import os
import re
import subprocess
import sys

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data')
LP64 = ['-D__LP64__', '-D__SIZEOF_POINTER__=8', '-D__SIZEOF_LONG__=8', '-D__BITS_PER_LONG=64']
MIPS = ['-D_MIPS_SIM_ABI32=1', '-D_MIPS_SIM_NABI32=2', '-D_MIPS_SIM_ABI64=3', '-D_MIPS_SZLONG=64', '-D__mips__']
X86 = 'include/x86_64-linux-gnu'

# column: (include directory, what the target's compiler would predefine).
COLUMNS = {
    'x86': (X86, ['-D__i386__']),
    'x86_64': (X86, ['-D__x86_64__'] + LP64),
    'arm': ('arm-linux-gnueabihf/include', ['-D__arm__', '-D__ARM_EABI__']),
    'aarch64': ('aarch64-linux-gnu/include', ['-D__aarch64__'] + LP64),
    'm68k': ('m68k-linux-gnu/include', []),
    'mips': ('mips-linux-gnu/include', MIPS + ['-D_MIPS_SIM=1']),
    'mips64': ('mips-linux-gnu/include', MIPS + ['-D_MIPS_SIM=3'] + LP64),
    'parisc': ('hppa-linux-gnu/include', []),
    'parisc64': ('hppa-linux-gnu/include', LP64),
    'ppc': ('powerpc-linux-gnu/include', []),
    'ppc64': ('powerpc-linux-gnu/include', ['-D__powerpc64__'] + LP64),
    'riscv64': ('riscv64-linux-gnu/include', LP64 + ['-D__riscv_xlen=64']),
    's390': ('s390x-linux-gnu/include', []),
    's390x': ('s390x-linux-gnu/include', ['-D__s390x__'] + LP64),
    'sh': ('sh4-linux-gnu/include', []),
}

# (header, names taken from it), in the order of the table. A name is taken once.
SOURCES = [
    ('linux/errno.h', r'E[A-Z0-9]+'),
    ('linux/fcntl.h', r'(O|AT|F|LOCK|RESOLVE)_[A-Z0-9_]+'),
    ('linux/openat2.h', r'RESOLVE_\w+'),
    ('linux/stat.h', r'(S_I|STATX_)[A-Z0-9_]+'),
    ('linux/mman.h', r'(PROT|MAP|MADV|MREMAP|MCL|MLOCK|MS|PKEY)_\w+'),
    ('linux/memfd.h', r'MFD_\w+'),
    ('linux/sched.h', r'(CLONE|SCHED)_\w+'),
    ('linux/mount.h', r'(MS|OPEN_TREE|MOVE_MOUNT|FSOPEN|FSMOUNT|FSPICK|MOUNT_ATTR)_\w+'),
    ('linux/fs.h', r'(RENAME|SEEK|FI|FS_IOC)_?\w+'),
    ('linux/signal.h', r'(SIG|SA_)[A-Z0-9_]+'),
    ('linux/wait.h', r'[WP]_?[A-Z_]+'),
    ('linux/ptrace.h', r'PTRACE_\w+'),
    ('linux/prctl.h', r'PR_\w+'),
    ('linux/seccomp.h', r'SECCOMP_(SET|GET|FILTER|MODE)_\w+'),
    ('linux/personality.h', r'PER_\w+'),
    ('linux/resource.h', r'(RLIMIT|RUSAGE|PRIO)_\w+'),
    ('linux/time.h', r'(CLOCK|TIMER|ITIMER)_\w+'),
    ('linux/futex.h', r'FUTEX_\w+'),
    ('linux/keyctl.h', r'KEY(CTL)?_\w+'),
    ('linux/random.h', r'GRND_\w+'),
    ('linux/eventpoll.h', r'EPOLL\w+'),
    ('linux/net.h', r'SYS_\w+'),
    ('linux/ipc.h', r'(IPC_\w+|SEM\w+|SHM\w+|MSG(SND|RCV|GET|CTL))'),
    ('asm/socket.h', r'SOL?_\w+'),
    ('asm/ioctls.h', r'(TC|TIO|FIO)\w+'),
    ('linux/sockios.h', r'SIOC\w+'),
]

# Not part of any interface, or not numbers.
UNWANTED = re.compile(r'_H$|^_|_MAX$|^SIG_(DFL|IGN|ERR)$|^SIGRT|^SIGSTKSZ|_SIZE_VER|^SYS_?$|^MAP_HUGE|^E2BIG_|^EPOLL_PACKED')

AF = '''UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY NETLINK PACKET
ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 CAIF ALG
NFC VSOCK KCM QIPCRTR SMC XDP MCTP'''.split()
IPPROTO = {'IP': 0, 'ICMP': 1, 'IGMP': 2, 'IPIP': 4, 'TCP': 6, 'EGP': 8, 'UDP': 17, 'IPV6': 41, 'GRE': 47, 'ESP': 50,
           'AH': 51, 'ICMPV6': 58, 'SCTP': 132, 'UDPLITE': 136, 'RAW': 255, 'MPTCP': 262}
MSG = {'OOB': 1, 'PEEK': 2, 'DONTROUTE': 4, 'CTRUNC': 8, 'TRUNC': 0x20, 'DONTWAIT': 0x40, 'EOR': 0x80,
       'WAITALL': 0x100, 'NOSIGNAL': 0x4000, 'MORE': 0x8000, 'ZEROCOPY': 0x4000000, 'FASTOPEN': 0x20000000,
       'CMSG_CLOEXEC': 0x40000000}
SHM = {'RDONLY': 0o10000, 'RND': 0o20000, 'REMAP': 0o40000, 'EXEC': 0o100000}
PERSONA = {'ADDR_NO_RANDOMIZE': 0x40000, 'MMAP_PAGE_ZERO': 0x100000, 'ADDR_COMPAT_LAYOUT': 0x200000,
           'READ_IMPLIES_EXEC': 0x400000, 'ADDR_LIMIT_32BIT': 0x800000, 'SHORT_INODE': 0x1000000,
           'WHOLE_SECONDS': 0x2000000, 'STICKY_TIMEOUTS': 0x4000000, 'ADDR_LIMIT_3GB': 0x8000000,
           'UNAME26': 0x20000, 'PER_LINUX': 0, 'PER_LINUX32': 8, 'PER_BSD': 6}
MIPS_COLUMNS, PARISC_COLUMNS = ['mips', 'mips64'], ['parisc', 'parisc64']


def others():
    """name -> (value, {column: value})"""
    known = {'AF_' + name: (number, {}) for number, name in enumerate(AF)}
    known['ENOTSUP'] = (95, {**dict.fromkeys(MIPS_COLUMNS, 122), **dict.fromkeys(PARISC_COLUMNS, 223)})
    known['AF_LOCAL'] = (1, {})
    known['AF_ROUTE'] = (16, {})
    known['SOCK_STREAM'] = (1, dict.fromkeys(MIPS_COLUMNS, 2))
    known['SOCK_DGRAM'] = (2, dict.fromkeys(MIPS_COLUMNS, 1))
    for number, name in enumerate(['RAW', 'RDM', 'SEQPACKET', 'DCCP'], 3):
        known['SOCK_' + name] = (number, {})
    known['SOCK_PACKET'] = (10, {})
    known['SOCK_CLOEXEC'] = (0o2000000, dict.fromkeys(PARISC_COLUMNS, 0o10000000))
    known['SOCK_NONBLOCK'] = (0o4000, {**dict.fromkeys(MIPS_COLUMNS, 0x80),
                                       **dict.fromkeys(PARISC_COLUMNS, 0x40000000)})
    for prefix, values in (('IPPROTO_', IPPROTO), ('MSG_', MSG), ('SHM_', SHM), ('', PERSONA)):
        known.update({prefix + name: (value, {}) for name, value in values.items()})
    return known


def run(root, column, header, extra):
    directory, defines = COLUMNS[column]
    command = ['gcc', '-E', '-nostdinc', '-undef', '-isystem', os.path.join(root, 'usr', directory), '-isystem',
               os.path.join(root, 'usr', X86.rsplit('/', 1)[0]), '-D__signed__=signed', *defines, '-x', 'c', *extra, '-']
    return command, f'#include <linux/types.h>\n#include <{header}>\n'


def names_of(root, column, header, pattern):
    command, source = run(root, column, header, ['-dM'])
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    found = re.findall(r'^#define (\w+) ', text, re.M)
    return [name for name in found if re.fullmatch(pattern, name) and not UNWANTED.search(name)]


def number(text):
    text = re.sub(r'sizeof\s*\(\s*(?:struct\s+)?\w+\s*(\[\d+\])?\)', lambda match: size_of(match.group(0)), text)
    text = re.sub(r'\(\s*(?:__u32|__u64|unsigned int|int|unsigned long|long)\s*\)', '', text)
    text = re.sub(r'\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b', r'\1', text)
    text = re.sub(r"'(.)'", lambda match: str(ord(match.group(1))), text)
    text = re.sub(r'\b0(\d+)\b', r'0o\1', text)
    if not re.fullmatch(r'[0-9a-fA-FxXo\s()|&~<>+*-]+', text):
        return None
    try:
        return eval(text, {'__builtins__': {}})
    except SyntaxError:
        return None


def size_of(text):
    sizes = {'int': 4, 'unsigned': 4, 'char': 1, 'short': 2, '__u32': 4, '__s32': 4, '__u64': 8, '__s64': 8,
             'int[2]': 8, 'unsigned int': 4}
    kind = re.sub(r'sizeof\s*\(|\)', '', text).strip()
    return str(sizes[kind]) if kind in sizes else 'no_size'


def values_of(root, column, header, names):
    command, source = run(root, column, header, ['-P'])
    source += ''.join(f'@{name} {name[0]}##{name[1:]}\n'.replace(f'{name[0]}##{name[1:]}', f'= {name}') for name in names)
    # the name itself must not expand: mark it with a prefix that no macro has
    source = re.sub(r'^@(\w+) =', r'@_name_\1 =', source, flags=re.M)
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    values = {}
    for name, expansion in re.findall(r'@_name_(\w+) = ([^@\n]*)', text):
        value = number(expansion)
        if value is not None:
            values[name] = value
    return values


def collect(root):
    """header -> {name: {column: value}}"""
    table, taken = {}, set(others())
    for header, pattern in SOURCES:
        rows = {}
        for column in COLUMNS:
            names = [name for name in names_of(root, column, header, pattern) if name not in taken]
            for name, value in values_of(root, column, header, names).items():
                rows.setdefault(name, {})[column] = value
        taken |= rows.keys()
        table[header] = rows
    return table


def line(name, by_column):
    usual = by_column.get('x86_64', by_column.get('riscv64'))
    if usual is None:
        usual = next(iter(by_column.values()))
    parts = [f'{column}={show(by_column[column])}' if column in by_column else f'{column}=-'
             for column in COLUMNS if by_column.get(column) != usual]
    return ' '.join([name, show(usual)] + parts)


def show(value):
    return str(value) if -1000 < value < 1000 else hex(value)


def main():
    table = collect(sys.argv[1])
    rows = []
    for header, found in table.items():
        rows.append(f'\n# <{header}>')
        rows += [line(name, found[name]) for name in sorted(found)]
    rows.append('\n# what the headers for programs do not have')
    for name, (value, exceptions) in others().items():
        rows.append(line(name, {column: exceptions.get(column, value) for column in COLUMNS}))
    with open(os.path.join(DATA, 'constants.tbl'), 'w') as file:
        file.write('# NAME VALUE [COLUMN=VALUE]...: a value that differs on an architecture, or "-" where it lacks the name.\n'
                   '# Which column an architecture has: the column "constants" of src/arch/data/architectures.tbl.\n'
                   '# Where two names of errors have one number, the first name is the one that is shown.\n'
                   '# Written by import.py.\n')
        file.write('\n'.join(rows) + '\n')


if __name__ == '__main__':
    main()
