#!/usr/bin/python3
"""Writes CALL(NAME) for each call of the tables. Arguments: the directory of gen.py, the output, its depfile."""
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import gen

with open(sys.argv[2], 'w', encoding='ascii') as file:
    file.writelines('CALL(%s)\n' % name for name in gen.Facts().names)
gen.write_depfile(sys.argv[3], sys.argv[2])
