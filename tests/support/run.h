/* support/run.h - the end of a test program's main(). SPDX-License-Identifier: MIT */
#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>

/* Runs the tests, frees them, and returns the exit status for main(). CK_VERBOSITY=verbose lists them one by one. */
static inline int test_run(TCase *tests)
{
	Suite *suite = suite_create(program_invocation_short_name);

	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
