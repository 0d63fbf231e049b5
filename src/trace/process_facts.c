#include "trace/process_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096 };

static FILE *open_of(pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	return fopen(path, "re");
}

/* Nothing of a text may move a terminal's cursor. */
static void make_printable(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
}

bool process_facts_read(pid_t tid, struct process_facts *ret_facts)
{
	struct process_facts facts = {"?", 0, 0, 0, -1, -1, -1, -1};
	FILE *file = open_of(tid, "status");
	char line[200];

	*ret_facts = facts;
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "Name: %63[^\n]", facts.name);
		sscanf(line, "Tgid: %d", &facts.pid);
		sscanf(line, "PPid: %d", &facts.parent);
		sscanf(line, "TracerPid: %d", &facts.tracer);
		sscanf(line, "Threads: %d", &facts.threads);
		sscanf(line, "NoNewPrivs: %d", &facts.no_new_privileges);
		sscanf(line, "Seccomp: %d", &facts.mode);
		sscanf(line, "Seccomp_filters: %d", &facts.filters);
	}
	fclose(file);
	make_printable(facts.name);
	*ret_facts = facts;
	return true;
}

/* A path can be longer than any buffer, and look like the next line of the list. */
void process_place(pid_t tid, uint64_t instruction, char ret_place[PROCESS_PLACE])
{
	FILE *file = open_of(tid, "maps");
	unsigned long long first, end, offset;
	char *line = NULL;
	size_t room = 0;

	snprintf(ret_place, PROCESS_PLACE, "0x%llx", (unsigned long long)instruction);
	while (file && getline(&line, &room, file) > 0) {
		int path = 0;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %n", &first, &end, &offset, &path) < 3 ||
		    instruction < first || instruction >= end)
			continue;
		const char *slash = strrchr(line + path, '/'), *name = slash ? slash + 1 : line + path;
		if (path > 0 && *name)
			snprintf(ret_place, PROCESS_PLACE, "%.255s+0x%llx", name, instruction - first + offset);
		break;
	}
	make_printable(ret_place);
	free(line);
	if (file)
		fclose(file);
}

bool process_descriptor(pid_t tid, int fd, char ret_path[PROCESS_PLACE])
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)tid, fd);
	const ssize_t length = readlink(link, ret_path, PROCESS_PLACE - 1);
	ret_path[length > 0 ? length : 0] = '\0';
	make_printable(ret_path);
	return length > 0;
}

/* As far as its page goes, and then the next one's. */
int process_text(void *tid, uint64_t address, char *buffer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		const size_t in_page = PAGE - (address + length) % PAGE;
		const size_t wanted = size - length < in_page ? size - length : in_page;
		struct iovec here = {buffer + length, wanted}, there = {(void *)(uintptr_t)(address + length), wanted};
		const ssize_t got = process_vm_readv(*(pid_t *)tid, &here, 1, &there, 1, 0);
		if (got <= 0)
			return -EFAULT;
		if (memchr(buffer + length, '\0', (size_t)got))
			return 0;
		length += (size_t)got;
	}
	buffer[size - 1] = '\0';
	return 0;
}
