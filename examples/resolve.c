/* Looks up the numbers of some system calls on three architectures, and a name. */
#include <stdio.h>

#include <seccomp.h>

int main(void)
{
	static const char *const names[] = {"openat", "open", "socket", "opennat"};
	static const char *const architectures[] = {"x86_64", "x86", "aarch64"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		printf("%s:", names[i]);
		for (size_t j = 0; j < sizeof(architectures) / sizeof(architectures[0]); j++) {
			uint32_t token = seccomp_arch_resolve_name(architectures[j]);
			printf(" %d", seccomp_syscall_resolve_name_arch(token, names[i]));
		}
		printf("\n");
	}
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_AARCH64, 56);
	printf("56 on aarch64: %s\n", name ? name : "unknown");
	free(name);
	return 0;
}
