/*
 * Which processes there are: those of a plugin, and others.
 */
#ifndef TESTS_PROCESSES_H
#define TESTS_PROCESSES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static inline long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The state of a process, and its parent; 0 if there is none. */
static inline char state_of(pid_t pid, pid_t *ret_parent)
{
	char path[64], state = 0;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file && fscanf(file, "%*d (%*[^)]) %c %d", &state, &parent) != 2)
		state = 0;
	if (file)
		fclose(file);
	*ret_parent = parent;
	return state;
}

/* A child of `parent`, other than this process, which is no zombie; 0: there is none. */
static inline pid_t child_of(pid_t parent)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0, its_parent;

	while (parent && (entry = readdir(processes))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		char state = pid ? state_of(pid, &its_parent) : 0;
		if (state && state != 'Z' && its_parent == parent && pid != getpid())
			found = pid;
	}
	closedir(processes);
	return found;
}

/* The plugin's process of a host, and its watcher; 0: there is none. */
static inline pid_t plugin_of(pid_t host, pid_t *ret_watcher)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0, parent, its_parent;

	while ((entry = readdir(processes))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (pid && state_of(pid, &parent) && parent && state_of(parent, &its_parent) && its_parent == host) {
			found = pid;
			*ret_watcher = parent;
		}
	}
	closedir(processes);
	return found;
}

static inline bool is_there(pid_t pid)
{
	pid_t parent;
	char state = state_of(pid, &parent);

	return state != 0 && state != 'Z' && state != 'X';
}

#endif
