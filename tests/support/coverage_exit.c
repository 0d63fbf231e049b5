/*
 * For tests/coverage.sh alone, which links it into every program with --wrap=_exit: processes of tests that end without
 * exit() leave what they have executed.
 */
void __gcov_dump(void);
__attribute__((noreturn)) void __real__exit(int status);
__attribute__((noreturn)) void __wrap__exit(int status);

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
