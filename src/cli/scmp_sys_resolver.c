/*
 * scmp_sys_resolver: names and numbers of system calls, with the command line of the tool that comes with libseccomp.
 * Part of the drop-in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

static int refuse(const char *what, const char *value)
{
	if (what) {
		fprintf(stderr, "scmp_sys_resolver: %s", what);
		/* Not what a terminal would obey. */
		for (; *value; value++)
			fputc((unsigned char)*value < ' ' || (unsigned char)*value > '~' ? '?' : *value, stderr);
		fputc('\n', stderr);
	}
	fputs("usage: scmp_sys_resolver [-h] [-a ARCH] [-t] NAME|NUMBER\n", stderr);
	return EINVAL;
}

/* The whole text is a number, decimal or 0x-prefixed; pseudo numbers are negative. */
static int is_number(const char *text, int *ret_number)
{
	const char *digits = text + (*text == '-');
	char *end;

	if (*digits < '0' || *digits > '9')
		return 0;
	errno = 0;
	long number = strtol(text, &end, strncmp(digits, "0x", 2) == 0 ? 16 : 10);
	if (*end || errno || number < INT32_MIN || number > INT32_MAX)
		return 0;
	*ret_number = (int)number;
	return 1;
}

static int resolve(uint32_t arch, int translate, const char *call)
{
	int number;

	if (is_number(call, &number)) {
		char *name = seccomp_syscall_resolve_num_arch(arch, number);
		puts(name ? name : "UNKNOWN");
		free(name);
	} else {
		printf("%d\n", translate ? seccomp_syscall_resolve_name_rewrite(arch, call)
		                         : seccomp_syscall_resolve_name_arch(arch, call));
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	perror("scmp_sys_resolver");
	return EIO;
}

int main(int argc, char **argv)
{
	uint32_t arch = seccomp_arch_native();
	int option, translate = 0;

	opterr = 0; /* getopt(3) would print argv[0] as it is */
	while ((option = getopt(argc, argv, "a:ht")) != -1)
		switch (option) {
		case 'a':
			arch = seccomp_arch_resolve_name(optarg);
			if (!arch)
				return refuse("unknown architecture: ", optarg);
			break;
		case 't':
			translate = 1;
			break;
		case 'h':
			puts("usage: scmp_sys_resolver [-h] [-a ARCH] [-t] NAME|NUMBER");
			return 0;
		default:
			return refuse(NULL, NULL);
		}
	if (optind >= argc)
		return refuse("no system call", "");
	if (optind + 1 < argc)
		return refuse("one system call at a time, not also ", argv[optind + 1]);
	return resolve(arch, translate, argv[optind]);
}
