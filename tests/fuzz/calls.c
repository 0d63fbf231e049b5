/*
 * Any bytes as a sequence of calls of <seccomp.h>. Each gives what the naive model of the contract gives; refusals have
 * words; and in the end, and where the bytes ask for it, the filter answers as the model's rules mean.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/simulate.h>

#include "fuzz/fuzz.h"
#include "property/rule_model.h"

/* More calls than this repeat what was. */
enum { CALLS_MAX = 60, QUESTIONS = 24 };

/* ---- what the bytes choose; zeros after the end ---- */

struct bytes {
	const uint8_t *at, *end;
};

static unsigned int take(struct bytes *bytes, unsigned int below)
{
	return bytes->at < bytes->end ? *bytes->at++ % below : 0;
}

static uint64_t take_datum(struct bytes *bytes)
{
	static const uint64_t edges[] = {0xffffffff, 0x100000000, 0x100000005, UINT64_MAX,        0x80000000,
	                                 0xffff,     21,          0x7fffffff,  0x8000000000000000};
	unsigned int choice = take(bytes, 32);

	return choice < 9 ? edges[choice] : choice - 9;
}

static int take_number(struct bytes *bytes)
{
	static const char *const names[] = {"read",       "open", "socket", "accept4", "shmat",     "msgctl",
	                                    "socketcall", "ipc",  "send",   "mmap",    "_newselect"};
	unsigned int choice = take(bytes, 32);

	if (choice < 11)
		return seccomp_syscall_resolve_name(names[choice]);
	if (choice < 14)
		return -(int)take(bytes, 256);
	if (choice < 17)
		return (int)(0x40000000u + take(bytes, 4));
	return (int)choice - 17;
}

static uint32_t take_action(struct bytes *bytes)
{
	static const uint32_t actions[] = {SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(2),
	                                   SCMP_ACT_TRAP,  SCMP_ACT_TRACE(7), SCMP_ACT_LOG};

	return actions[take(bytes, sizeof(actions) / sizeof(actions[0]))];
}

static uint32_t take_token(struct bytes *bytes)
{
	static const uint32_t tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86,       SCMP_ARCH_X32,    SCMP_ARCH_AARCH64,
	                                  SCMP_ARCH_MIPSEL, SCMP_ARCH_PPC64LE,   SCMP_ARCH_S390X,  SCMP_ARCH_MIPS,
	                                  SCMP_ARCH_PARISC, SCMP_ARCH_MIPS64N32, SCMP_ARCH_RISCV64};

	return tokens[take(bytes, sizeof(tokens) / sizeof(tokens[0]))];
}

/* ---- calls ---- */

static void check_words(scmp_filter_ctx ctx, int result)
{
	bool is_error = *callgate_diagnosis(ctx) && strncmp(callgate_diagnosis(ctx), "note: ", 6) != 0 &&
	                strncmp(callgate_diagnosis(ctx), "warning: ", 9) != 0;

	FUZZ_EXPECT(is_error == (result < 0));
}

static void add_rule(struct bytes *bytes, struct model *model, scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp args[4];
	unsigned int count = take(bytes, 4);
	uint32_t action = take_action(bytes);
	int nr = take_number(bytes);
	bool exact = take(bytes, 6) == 1;

	for (unsigned int i = 0; i < count; i++)
		args[i] = (struct scmp_arg_cmp){.arg = take(bytes, 7), /* 6 is none */
		                                .op = (enum scmp_compare)take(bytes, 9),
		                                .datum_a = take_datum(bytes),
		                                .datum_b = take_datum(bytes)};
	for (size_t i = 0; i < model->now.count; i++)
		if (model->now.archs[i].count + 8 > MODEL_RULES)
			return;
	int expected = model_rule_add(model, exact, action, nr, count, args);
	int actual = exact ? seccomp_rule_add_exact_array(ctx, action, nr, count, args)
	                   : seccomp_rule_add_array(ctx, action, nr, count, args);
	FUZZ_EXPECT(actual == expected);
	check_words(ctx, actual);
}

static void change_archs(struct bytes *bytes, struct model *model, scmp_filter_ctx ctx)
{
	uint32_t token = take_token(bytes);

	if (take(bytes, 3) && model->now.count < MODEL_ARCHS)
		FUZZ_EXPECT(seccomp_arch_add(ctx, token) == model_arch_add(model, token));
	else
		FUZZ_EXPECT(seccomp_arch_remove(ctx, token) == model_arch_remove(model, token));
}

static void change_transactions(struct bytes *bytes, struct model *model, scmp_filter_ctx ctx)
{
	unsigned int what = take(bytes, 3);

	if (model->now.count == 0)
		return;
	if (what == 0 && model->depth < MODEL_DEPTH) {
		FUZZ_EXPECT(seccomp_transaction_start(ctx) == 0);
		model_start(model);
	} else if (what == 1) {
		FUZZ_EXPECT(seccomp_transaction_commit(ctx) == 0);
		model_commit(model);
	} else if (what == 2) {
		seccomp_transaction_reject(ctx);
		model_reject(model);
	}
}

static struct callgate_call take_call(struct bytes *bytes, const struct model *model)
{
	const struct model_arch *arch = &model->now.archs[take(bytes, 8) % model->now.count];
	struct callgate_call call = {.arch = arch->token, .nr = take_number(bytes)};

	if (arch->count && take(bytes, 4))
		call.nr = (int)arch->rules[take(bytes, 255) % arch->count].nr;
	for (int i = 0; i < 6; i++)
		call.args[i] = take_datum(bytes);
	return call;
}

/* Once the bytes are at their end the questions repeat, which costs little. */
static void ask(struct bytes *bytes, const struct model *model, scmp_filter_ctx ctx)
{
	for (int i = 0; i < QUESTIONS && model->now.count; i++) {
		struct callgate_call call = take_call(bytes, model);
		struct callgate_verdict verdict;
		int result = callgate_simulate(ctx, &call, &verdict);
		struct seccomp_data data = {.nr = call.nr,
		                            .arch = call.arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : call.arch};

		memcpy(data.args, call.args, sizeof(data.args));
		/* Rules of both byte orders fit no program; and a great many fit none that is small enough. */
		FUZZ_EXPECT(result == 0 || ((result == -E2BIG || result == -EINVAL) && *callgate_diagnosis(ctx)));
		FUZZ_EXPECT(result < 0 || model_allows(model, &data, verdict.action));
		if (result < 0 || bytes->at == bytes->end)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	struct bytes bytes = {data, data + size};
	uint32_t action = take_action(&bytes);
	scmp_filter_ctx ctx = seccomp_init(action);

	FUZZ_EXPECT(ctx != NULL);
	model_init(&model, action);
	model.skip_rules = take(&bytes, 3) == 1;
	FUZZ_EXPECT(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, model.skip_rules) == 0);
	for (int i = 0; i < CALLS_MAX && bytes.at < bytes.end; i++)
		switch (take(&bytes, 16)) {
		case 0:
			change_archs(&bytes, &model, ctx);
			break;
		case 1:
		case 2:
			change_transactions(&bytes, &model, ctx);
			break;
		case 3:
			(void)seccomp_syscall_priority(ctx, take_number(&bytes), (uint8_t)take(&bytes, 256));
			break;
		case 4:
			ask(&bytes, &model, ctx);
			break;
		default:
			add_rule(&bytes, &model, ctx);
		}
	ask(&bytes, &model, ctx);
	seccomp_release(ctx);
	return 0;
}
