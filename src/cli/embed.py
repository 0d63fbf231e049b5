#!/usr/bin/env python3
"""usage: embed.py OUTPUT FILE...: files as a C table, so that the tool has them wherever it is."""
import os
import sys


def main(output, paths):
    lines = ['#include "cli/print.h"', '', 'const struct embedded embedded_files[] = {']
    for path in paths:
        with open(path, 'rb') as file:
            data = file.read()
        lines.append('{"%s", %d, (const char[]){' % (os.path.basename(path), len(data)))
        lines += [' '.join(f'{byte},' for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
        lines.append('0}},')
    lines += ['{0}};', '']
    with open(output, 'w', encoding='ascii') as out:
        out.write('\n'.join(lines))


main(sys.argv[1], sys.argv[2:])
