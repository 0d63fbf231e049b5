/* Entries for one call that overlap: which one counts, in both orders, and what is said about those that never do. */
#include "reading.h"
#include "support/simulated.h"

#define C(index, op, value) "{\"index\":" #index ",\"op\":\"SCMP_CMP_" #op "\",\"value\":" #value "}"
#define M(index, mask, value) \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":" #mask ",\"valueTwo\":" #value "}"

/* Two sets of conditions, a call for which both hold, and the first counts there. */
static const struct pair {
	const char *first, *second;
	uint64_t a0, a1;
	bool second_is_unreached;
} pairs[] = {
    /* the higher-numbered argument */
    {C(1, EQ, 2), C(0, EQ, 1), 1, 2, false},
    {C(1, GE, 2), C(0, EQ, 1), 1, 2, false},
    {C(1, EQ, 2), C(0, EQ, 1) "," C(1, EQ, 2), 1, 2, true},
    /* single values, upper bounds, lower bounds */
    {C(0, EQ, 5), C(0, LE, 9), 5, 0, false},
    {C(0, NE, 5), C(0, LE, 3), 3, 0, true},
    {M(0, 4, 4), C(0, GE, 2), 5, 0, false},
    {C(0, LT, 9), C(0, GT, 2), 5, 0, false},
    {C(0, LE, 9), C(0, GE, 2), 5, 0, false},
    /* the smaller of upper bounds, the larger of others */
    {C(0, LT, 5), C(0, LT, 9), 1, 0, false},
    {C(0, LE, 5), C(0, LT, 9), 1, 0, false},
    {C(0, GT, 9), C(0, GT, 5), 10, 0, false},
    {C(0, GE, 128), C(0, GE, 64), 128, 0, false},
    {C(0, NE, 9), C(0, NE, 5), 1, 0, false},
    {C(0, NE, 9), C(0, EQ, 5), 5, 0, true},
    {M(0, 6, 6), M(0, 3, 2), 6, 0, false},
    /* the same value: EQ, MASKED_EQ, NE; LT, LE; GT, GE; the larger mask */
    {C(0, EQ, 4), M(0, 4, 4), 4, 0, false},
    {M(0, 6, 4), C(0, NE, 4), 5, 0, false},
    {C(0, LT, 5), C(0, LE, 5), 4, 0, false},
    {C(0, GT, 5), C(0, GE, 5), 6, 0, false},
    {M(0, 6, 4), M(0, 4, 4), 4, 0, false},
    /* then the next argument's condition */
    {C(0, EQ, 1) "," C(1, LT, 5), C(0, EQ, 1) "," C(1, LT, 9), 1, 1, false},
    {C(0, EQ, 1) "," C(2, GE, 0), C(0, EQ, 1) "," C(1, EQ, 1), 1, 1, true},
};

static void ask_pair(const struct pair *pair, bool swap)
{
	struct callgate_profile *profile = new_profile();
	char text[1024];
	const char *const entries[] = {"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[%s]}",
	                               "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[%s]}"};
	char both[2][512];

	snprintf(both[0], sizeof(both[0]), entries[0], pair->first);
	snprintf(both[1], sizeof(both[1]), entries[1], pair->second);
	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n%s,\n%s]}", both[swap],
	         both[!swap]);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	scmp_filter_ctx ctx = read_profile(profile, text);
	uint32_t action = ask(ctx, SCMP_ARCH_X86_64, "read", pair->a0, pair->a1);
	ck_assert_msg(action == (uint32_t)SCMP_ACT_TRAP, "%s\n0x%08x", text, action);
	ck_assert_msg(is_warned(profile, swap ? 2 : 3, 11, "never reached") == pair->second_is_unreached, "%s", text);
	ck_assert_msg(!is_warned(profile, swap ? 3 : 2, 11, "never reached"), "%s", text);
	seccomp_release(ctx);
	callgate_profile_free(profile);
}

START_TEST(one_counts_in_either_order)
{
	ask_pair(&pairs[_i], false);
	ask_pair(&pairs[_i], true);
}
END_TEST

/* Prefixes: what is more specific on higher arguments only is not looked at. */
#define ENTRY(action, conditions) "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_" action "\",\"args\":[" conditions "]}"

static const struct prefix {
	const char *entries;
	int result;
	unsigned int line;
	const char *words;
} prefixes[] = {
    {ENTRY("LOG", C(0, EQ, 1)) ",\n" ENTRY("TRAP", C(0, EQ, 1) "," C(1, EQ, 2)), 0, 3,
     "never reached: line 2 decides all calls of read for which these conditions hold"},
    {ENTRY("LOG", C(0, EQ, 1)) ",\n" ENTRY("LOG", C(1, EQ, 2) "," C(0, EQ, 1)), 0, 3, "never reached: line 2"},
    {ENTRY("LOG", C(0, EQ, 1) "," C(1, EQ, 2)) ",\n" ENTRY("LOG", C(0, EQ, 1)), 0, 2,
     "has no effect: line 3 does the same with fewer conditions"},
    {ENTRY("TRAP", C(0, EQ, 1) "," C(1, EQ, 2)) ",\n" ENTRY("LOG", C(0, EQ, 1)), -EINVAL, 3,
     "contradicts line 2 about read: these conditions and more, another action"},
    {ENTRY("LOG", M(0, 0, 0)) ",\n" ENTRY("TRAP", C(0, EQ, 1)), 0, 3, "never reached: line 2 already decides"},
    {ENTRY("TRAP", C(0, EQ, 1)) ",\n" ENTRY("LOG", M(0, 0, 0)), 0, 3, "decides every call of read"},
    {ENTRY("LOG", M(0, 0, 0) "," C(1, EQ, 1)) ",\n" ENTRY("LOG", C(1, EQ, 1)), 0, 3, "repeats what line 2"},
    {ENTRY("LOG", "\n" M(0, 0, 0)), 0, 3, "always holds"},
    {ENTRY("LOG", "\n" C(0, GE, 0)), 0, 3, "always holds"},
    {ENTRY("LOG", "\n" C(0, LE, 18446744073709551615)), 0, 3, "always holds"},
    {ENTRY("LOG", "\n" C(0, LT, 0)), 0, 3, "never holds"},
    {ENTRY("LOG", "\n" C(0, GT, 18446744073709551615)), 0, 3, "never holds"},
};

START_TEST(prefixes_are_told)
{
	const struct prefix *p = &prefixes[_i];
	struct callgate_profile *profile = new_profile();
	const struct callgate_profile_message *message;
	char text[1024];
	bool found = false;

	snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[\n%s]}", p->entries);
	ck_assert_int_eq(callgate_profile_add_arch(profile, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(callgate_profile_read_memory(profile, text, strlen(text), "p.json"), p->result);
	for (size_t i = 0; (message = callgate_profile_message(profile, i)); i++)
		found = found || (message->line == p->line && strstr(message->text, p->words) &&
		                  (message->severity == CALLGATE_SEVERITY_ERROR) == (p->result < 0));
	ck_assert_msg(found, "%s", text);
	callgate_profile_free(profile);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("overlapping entries");

	tcase_add_loop_test(tcase, one_counts_in_either_order, 0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_loop_test(tcase, prefixes_are_told, 0, sizeof(prefixes) / sizeof(prefixes[0]));
	return simulated_run(tcase);
}
