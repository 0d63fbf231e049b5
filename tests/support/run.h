/* support/run.h - the end of a test program's main(). SPDX-License-Identifier: MIT */
#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite, frees it, and returns the exit status for main(). CK_VERBOSITY=verbose lists the tests one by one. */
static inline int test_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
