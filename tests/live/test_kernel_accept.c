/*
 * Our acceptance check against seccomp(2) on 10^5 random instruction streams, valid and invalid, and the converted
 * length against the kernel's path budget.
 *
 * A stream that both sides accept stays loaded in the child, so its first instruction is a return of ALLOW: all checks
 * are static and none of them looks at whether an instruction can be reached. A stream that ours refuses goes in as it
 * is.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "bpf/program.h"
#include "kernel_program.h"
#include "support/random_program.h"
#include "support/run.h"

enum { LONGEST = 24, PER_CHILD = 500 };

struct stream {
	size_t count;
	int ours, kernels;
	struct sock_filter insns[LONGEST];
};

static int ask_ours(struct stream *stream)
{
	struct callgate_program program = {
	    .big_endian = bpf_host_is_big_endian(), .count = stream->count, .insns = stream->insns};

	return bpf_accept(&program, NULL);
}

static void make(struct random *random, struct stream *stream)
{
	static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	stream->kernels = 1;
	stream->count = 2 + random_below(random, LONGEST - 2);
	random_stream(random, stream->insns, stream->count);
	if (random_below(random, 2) && stream->count > 6)
		for (uint32_t i = 1; i < 5; i++) /* scratch words that are read later are often written first */
			stream->insns[i] = (struct sock_filter)BPF_STMT(i % 2 ? BPF_ST : BPF_STX, i - 1);
	stream->ours = ask_ours(stream);
	if (stream->ours < 0 && random_below(random, 2))
		return;
	stream->insns[0] = allow;
	stream->ours = ask_ours(stream);
}

static void ask_kernel(struct stream *streams, size_t count)
{
	int pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		kernel_prepare_child();
		for (size_t i = 0; i < count; i++)
			streams[i].kernels = kernel_load(streams[i].insns, streams[i].count);
		kernel_child_end();
	}
	kernel_wait(pid);
}

static void report(const struct stream *stream)
{
	printf("ours: %d, the kernel: %d\n", stream->ours, stream->kernels);
	for (size_t i = 0; i < stream->count; i++)
		printf("  {0x%02x, %u, %u, 0x%x},\n", stream->insns[i].code, stream->insns[i].jt, stream->insns[i].jf,
		       stream->insns[i].k);
	ck_abort_msg("the acceptance check and the kernel differ");
}

START_TEST(random_streams)
{
	struct random random = random_start("random_streams");
	struct stream *streams = kernel_share(sizeof(*streams) * PER_CHILD);
	size_t accepted = 0, refused = 0;
	unsigned long runs = random_runs(100000);

	for (unsigned long done = 0; done < runs; done += PER_CHILD) {
		for (size_t i = 0; i < PER_CHILD; i++)
			make(&random, &streams[i]);
		ask_kernel(streams, PER_CHILD);
		for (size_t i = 0; i < PER_CHILD; i++) {
			if (streams[i].ours != streams[i].kernels)
				report(&streams[i]);
			*(streams[i].ours ? &refused : &accepted) += 1;
		}
	}
	printf("random_streams: %zu accepted, %zu refused, by both\n", accepted, refused);
	ck_assert_uint_gt(accepted, runs / 10);
	ck_assert_uint_gt(refused, runs / 10);
}
END_TEST

/* A filler of exactly `length` eBPF instructions (4 to 8195). */
static size_t filler(struct sock_filter *insns, size_t length)
{
	size_t n = 0;

	insns[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	length -= 5;
	while (length > 2 || length == 1) {
		insns[n++] = length == 1 ? (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0)
		                         : (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
		length -= length == 1 ? 1 : 2;
	}
	if (length == 2)
		insns[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	return n;
}

/* Loads the program, three of the longest, and then one of `last`: what does the kernel say to that one? */
static int load_with_rest(const struct sock_filter *insns, size_t count, size_t last)
{
	int *answer = kernel_share(sizeof(*answer));
	static struct sock_filter fill[BPF_PROGRAM_MAX];
	int pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		kernel_prepare_child();
		*answer = kernel_load(insns, count);
		size_t longest = filler(fill, 8195);
		for (int i = 0; i < 3 && *answer == 0; i++)
			*answer = kernel_load(fill, longest);
		if (*answer)
			*answer = 1; /* not what is asked */
		else
			*answer = kernel_load(fill, filler(fill, last));
		kernel_child_end();
	}
	kernel_wait(pid);
	return *answer;
}

START_TEST(path_budget)
{
	struct random random = random_start("path_budget");
	struct sock_filter insns[600];

	for (unsigned long i = random_runs(60) % 1000; i > 0; i--) {
		insns[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		size_t count = 1 + random_accepted(&random, insns + 1, 16 + random_below(&random, 580));
		struct callgate_program program = {bpf_host_is_big_endian(), count, insns, insns};
		ck_assert_int_eq(bpf_accept(&program, NULL), 0);
		size_t length = bpf_ebpf_length(&program);
		size_t rest = BPF_PATH_MAX - (length + BPF_PATH_OVERHEAD) - 3 * (8195 + BPF_PATH_OVERHEAD);
		ck_assert_int_eq(load_with_rest(insns, count, rest), 0);
		ck_assert_int_eq(load_with_rest(insns, count, rest + 1), -ENOMEM);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("kernel accept");

	if (!kernel_can_filter())
		return 77;
	tcase_set_timeout(tcase, 1200);
	tcase_add_test(tcase, random_streams);
	tcase_add_test(tcase, path_budget);
	return test_run(tcase);
}
