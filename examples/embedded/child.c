/*
 * A filter for a child between vfork(2) and execve(2), where the child has the memory of its parent: nothing is
 * allocated there, and errno stays as it was. Exit status: the command's, or 125 if the child had no filter, 126 if
 * there is no such command.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chmod_filter.h"

int main(int argc, char **argv)
{
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: child COMMAND [ARGUMENT]...\n");
		return 125;
	}
	const pid_t child = vfork();
	if (child == 0) {
		if (chmod_filter_load(0) < 0)
			_exit(125);
		execvp(argv[1], argv + 1);
		_exit(126);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("child");
		return 125;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
