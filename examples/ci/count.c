/*
 * count FILE...: how many lines the files have. It reads what strangers wrote, so it first gives up everything but
 * reading files and printing. count --filter prints that filter as a program, for tests.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "filter.h"

static int count(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long lines = 0;

	if (!file) {
		fprintf(stderr, "count: %s: %s\n", path, strerror(errno));
		return 1;
	}
	for (int c; (c = getc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	printf("%lu %s\n", lines, path);
	return 0;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = filter_new();
	int status = 0;

	if (!filter)
		return 1;
	if (argc == 2 && strcmp(argv[1], "--filter") == 0)
		return seccomp_export_bpf(filter, STDOUT_FILENO) < 0;
	if (seccomp_load(filter) < 0)
		return 1;
	seccomp_release(filter);
	for (int i = 1; i < argc; i++)
		status |= count(argv[i]);
	return status;
}
