#!/usr/bin/python3
"""What gen.py and tables.py accept and refuse. Argument: their directory."""
import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))
import gen
import tables

ARCHITECTURES = ('name table base mux since checked native\none one 0 no 1.0 4.0 defined(__one__)\n'
                 'two two 0 no 3.7 4.9 defined(__two__)\n')


class Tables(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write('pseudo.tbl', 'name number\n')
        self.write('architectures.tbl', ARCHITECTURES)
        self.write('one.tbl', 'read 0 1.0\n')
        self.write('two.tbl', 'read 3 1.0\n')

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), 'w', encoding='ascii') as file:
            file.write(text)

    def numbers(self, text):
        self.write('table.tbl', text)
        return tables.read_numbers(os.path.join(self.folder.name, 'table.tbl'))

    def facts(self):
        return gen.Facts(self.folder.name)

    def refused(self, pattern, function, *arguments):
        with self.assertRaisesRegex(tables.TableError, pattern):
            function(*arguments)

    def test_plain_lines_and_comments(self):
        self.assertEqual(self.numbers('# first\n\nread 0 1.0 # the first call\nwrite 1 1.0\n'), {'read': 0, 'write': 1})

    def test_include_and_absent(self):
        self.write('common.tbl', 'read 0 1.0\nwrite 1 1.0\nopen 2 1.0\n')
        self.assertEqual(self.numbers('include common.tbl\nabsent open\nclose 3 1.0\n'), {'read': 0, 'write': 1, 'close': 3})
        self.assertEqual(self.numbers('include common.tbl\nabsent open\nopen 5 1.0\n')['open'], 5)

    def test_two_files_may_include_a_third(self):
        self.write('common.tbl', 'read 0 1.0\n')
        self.write('left.tbl', 'include common.tbl\nopen 2 1.0\n')
        self.write('right.tbl', 'include common.tbl\nclose 3 1.0\n')
        self.assertEqual(self.numbers('include left.tbl\ninclude right.tbl\n'), {'read': 0, 'open': 2, 'close': 3})

    def test_contradictions_are_refused_with_their_place(self):
        self.write('common.tbl', 'read 0 1.0\n')
        self.write('other.tbl', 'read 1 1.0\n')
        self.refused(r'table.tbl:2: read is said twice', self.numbers, 'read 0 1.0\nread 0 1.0\n')
        self.refused(r'table.tbl:2: read is said twice', self.numbers, 'include common.tbl\nread 1 1.0\n')
        self.refused(r'table.tbl:2: read is 1 \(1.0\) here and 0', self.numbers, 'include common.tbl\ninclude other.tbl\n')
        self.refused(r'table.tbl:1: open is not in', self.numbers, 'absent open\n')
        self.refused(r'table.tbl:1: "x" is not a number', self.numbers, 'read x 1.0\n')
        self.refused(r'table.tbl:1: "-1" is not a number', self.numbers, 'read -1 1.0\n')
        self.refused(r'table.tbl:1: not', self.numbers, 'read\n')
        self.refused(r'table.tbl:1: not', self.numbers, 'read 1\n')
        self.refused(r'table.tbl:1: not', self.numbers, 'read 1 1.0 2\n')
        self.refused(r'table.tbl:1: read is not in', self.numbers, 'since read 1.0\n')
        for version in ('2', '5.', '5.x', '1.0-2.0', '5.6++', '1.0..', 'Never', '1.2.3.4'):
            self.refused(r'table.tbl:1: "%s" is no version' % re.escape(version), self.numbers, 'read 1 %s\n' % version)
            self.refused(r'is no version', self.numbers, 'include common.tbl\nsince read %s\n' % version)

    def test_good_facts(self):
        self.assertEqual(self.facts().names, ['read'])

    def test_one_number_for_two_names_is_refused(self):
        self.write('one.tbl', 'read 0 1.0\nwrite 0 1.0\n')
        self.refused('read and write are both 0', self.facts)

    def test_absent_somewhere_needs_a_pseudo_number(self):
        self.write('two.tbl', 'read 3 1.0\nwrite 4 1.0\n')
        self.refused('write is absent on an architecture', self.facts)
        self.write('pseudo.tbl', 'name number\nwrite -10001\n')
        self.assertEqual(self.facts().names, ['read', 'write'])

    def test_pseudo_numbers_are_checked(self):
        self.write('pseudo.tbl', 'name number\nread -10001\nread -10002\n')
        self.refused('read is said twice', self.facts)
        self.write('pseudo.tbl', 'name number\nread -10001\nwrite -10001\n')
        self.refused('write: -10001 is taken', self.facts)
        self.write('pseudo.tbl', 'name number\nread -99\n')
        self.refused('read: -99 is no pseudo number', self.facts)

    def test_long_names_are_refused(self):
        self.write('one.tbl', 'a' * (gen.NAME_LENGTH_MAX + 1) + ' 0 1.0\n')
        self.write('pseudo.tbl', 'name number\nread -10001\n%s -10002\n' % ('a' * (gen.NAME_LENGTH_MAX + 1)))
        self.refused('longer than', self.facts)

    def test_perfect_hash_has_a_place_for_each_name(self):
        names = ['name%d' % i for i in range(600)]
        displacements, slots = gen.perfect_hash(names)
        for index, name in enumerate(names):
            value = gen.hash_name(name)
            self.assertEqual(slots[gen.hash_slot(value, displacements[value % gen.HASH_BUCKETS])], index)

    def test_versions(self):
        self.write('common.tbl', 'read 3 1.0+\nwrite 4 4.6..4.9\nfork 5 never\nopen 6 5.6\nclose 7 2.6.16\n')
        self.write('two.tbl', 'include common.tbl\nsince open 5.7\n')
        self.write('one.tbl', 'include common.tbl\n')
        since = self.facts().since
        self.assertEqual(since['one'], {'read': (1, 0, 0, 4, 0, 0), 'write': (4, 6, 0, 4, 9, 0), 'fork': (0,) * 6,
                                        'open': (5, 6, 0) * 2, 'close': (2, 6, 16) * 2})
        self.assertEqual(since['two'], {'read': (3, 7, 0, 4, 9, 0), 'write': (4, 6, 0, 4, 9, 0), 'fork': (0,) * 6,
                                        'open': (5, 7, 0) * 2, 'close': (3, 7, 0) * 2})

    def test_new_call_has_its_number_where_headers_are_old(self):
        self.write('one.tbl', 'read 0 1.0\nnew 500 1.0\n')
        self.write('two.tbl', 'read 3 1.0\nnew 500 1.0\n')
        self.assertIn('#define __SNR_new (_SCMP_SNR_BASE + 500)', gen.snr_lines(self.facts(), 'new'))
        self.assertEqual(gen.snr_lines(self.facts(), 'read'), '#define __SNR_read __NR_read')


if __name__ == '__main__':
    unittest.main()
