/*
 * What /proc says of processes, which needs no privilege, and what their memory has. A thread that ends meanwhile
 * leaves "?", 0 or an error. Names are the process's own choice: what is no printable character of ASCII is "?".
 */
#ifndef CALLGATE_TRACE_PROCESS_FACTS_H
#define CALLGATE_TRACE_PROCESS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_NAME = 64, PROCESS_PLACE = 300 };

struct process_facts {
	char name[PROCESS_NAME];
	int pid, parent, tracer;                       /* 0: not said */
	int mode, filters, no_new_privileges, threads; /* of its seccomp(2) filters; -1: not said */
};

/* Of a process or a thread. False: there is none. */
bool process_facts_read(pid_t tid, struct process_facts *ret_facts);

/* "libc.so.6+0x1a3c": where in which mapped file the instruction is; its address where it is in none. */
void process_place(pid_t tid, uint64_t instruction, char ret_place[PROCESS_PLACE]);

/* "/tmp/file": what a descriptor of a thread is open on, or was. False: it is not open, or /proc does not say. */
bool process_descriptor(pid_t tid, int fd, char ret_path[PROCESS_PLACE]);

/* A string in the memory of a thread, a pid_t that `tid` points to: for <callgate/decode.h>. */
int process_text(void *tid, uint64_t address, char *buffer, size_t size);

#endif
