// <callgate/testing.h> in C++: the same macros, arguments told apart by overloads.
#include <cerrno>
#include <string>
#include <vector>

static std::vector<std::string> failures;
#define CALLGATE_FAIL(file, line, text) failures.push_back(text)
#include <callgate/testing.h>

static int answer(void *)
{
	return 7;
}

int main()
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int held = 0;

	seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0_64(SCMP_CMP_EQ, 40));
	held += callgate_expect(ctx, "socket", SCMP_ACT_ERRNO(EPERM), 40, CALLGATE_ANY, 0u);
	held += callgate_expect(ctx, "socket", SCMP_ACT_ALLOW, 1L, CALLGATE_BITS(1, 1));
	held += callgate_expect(ctx, "read", SCMP_ACT_ALLOW);
	held += callgate_expect_no_weaker(ctx, ctx);
	held += callgate_expect_exit(ctx, answer, nullptr, 7);
	bool wrong = callgate_expect(ctx, "socket", SCMP_ACT_ALLOW) || failures.size() != 1 ||
	             failures[0].find("0x28") == std::string::npos;
	seccomp_release(ctx);
	return held == 5 && !wrong ? 0 : 1;
}
