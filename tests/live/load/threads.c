#include "threads.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"

static void *run(void *argument)
{
	struct thread *thread = argument;

	thread->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&thread->barrier);
	for (;;) {
		pthread_barrier_wait(&thread->barrier);
		if (!thread->task)
			return NULL;
		thread->result = thread->task();
		pthread_barrier_wait(&thread->barrier);
	}
}

void thread_start(struct thread *thread, const char *name)
{
	CHILD_EQUAL(pthread_barrier_init(&thread->barrier, NULL, 2), 0);
	CHILD_EQUAL(pthread_create(&thread->pthread, NULL, run, thread), 0);
	CHILD_EQUAL(pthread_setname_np(thread->pthread, name), 0);
	pthread_barrier_wait(&thread->barrier);
}

void thread_begin(struct thread *thread, long (*task)(void))
{
	thread->task = task;
	pthread_barrier_wait(&thread->barrier);
}

long thread_finish(struct thread *thread)
{
	pthread_barrier_wait(&thread->barrier);
	return thread->result;
}

long thread_do(struct thread *thread, long (*task)(void))
{
	thread_begin(thread, task);
	return thread_finish(thread);
}

void thread_stop(struct thread *thread)
{
	thread_begin(thread, NULL);
	CHILD_EQUAL(pthread_join(thread->pthread, NULL), 0);
	while (syscall(SYS_tgkill, getpid(), thread->tid, 0) == 0)
		sched_yield();
}
