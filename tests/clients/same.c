/*
 * same A.bpf B.bpf
 *
 * Do two programs give the same verdict on every input? Exit status 0: proved; 1: they differ, and a call on which they
 * do is printed; 2: there is no answer, and why.
 */
#include <stdio.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>

#include "prove/prove.h"

enum { bytes_max = CALLGATE_PROGRAM_MAX * 8 };

static struct callgate_program *read_program(const char *path)
{
	static char bytes[bytes_max];
	struct callgate_program *program = NULL;
	FILE *file = fopen(path, "r");
	size_t size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
	if (file)
		fclose(file);
	if (callgate_program_new(bytes, size, SCMP_ARCH_NATIVE, &program) < 0)
		fprintf(stderr, "same: %s is no program\n", path);
	return program;
}

int main(int argc, char **argv)
{
	struct callgate_program *programs[2] = {NULL, NULL};
	struct prove_result result = {0};
	if (argc != 3)
		return 2;
	for (int i = 0; i < 2; i++) {
		programs[i] = read_program(argv[i + 1]);
		if (!programs[i])
			return 2;
	}
	struct prove_subject sides[2];
	for (int i = 0; i < 2; i++)
		sides[i] = (struct prove_subject){
		    .programs = (const struct callgate_program *const *)&programs[i], .program_count = 1};
	if (prove_equal(&sides[0], &sides[1], NULL, diag_thread(), &result) < 0)
		return 2;
	if (result.outcome == PROVE_EQUAL)
		return EXIT_SUCCESS;
	printf("%s\n", callgate_diagnosis(NULL));
	return result.outcome == PROVE_DIFFERENT ? EXIT_FAILURE : 2;
}
