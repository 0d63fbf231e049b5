/*
 * A live fellow thread, for tests of what a load does to threads that did not ask for it. It does one thing at a time,
 * when told to.
 */
#ifndef CALLGATE_TESTS_LOAD_THREADS_H
#define CALLGATE_TESTS_LOAD_THREADS_H

#include <pthread.h>
#include <sys/types.h>

struct thread {
	pthread_t pthread;
	pthread_barrier_t barrier;
	pid_t tid;
	long (*task)(void); /* NULL: end */
	long result;
};

/* Starts it with this name (15 characters at most); it waits. */
void thread_start(struct thread *thread, const char *name);

/* Has it call `task`, and returns what that returned. */
long thread_do(struct thread *thread, long (*task)(void));

/* Begins that, and the caller goes on. */
void thread_begin(struct thread *thread, long (*task)(void));
long thread_finish(struct thread *thread);

/* Ends it, and waits until the kernel has forgotten it. */
void thread_stop(struct thread *thread);

#endif
