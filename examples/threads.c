/* Confines all threads of a program at once: afterwards none of them may create a socket. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

static pthread_barrier_t confined;

static int confine(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!ctx) {
		fprintf(stderr, "%s\n", callgate_diagnosis(NULL));
		return -1;
	}
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (result == 0)
		result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0);
	if (result == 0)
		result = seccomp_load(ctx);
	if (result < 0)
		fprintf(stderr, "not confined: %s\n", callgate_diagnosis(ctx));
	seccomp_release(ctx);
	return result;
}

static void *create_socket(void *name)
{
	pthread_barrier_wait(&confined);
	if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		printf("%s: %s\n", (const char *)name, strerror(errno));
	return NULL;
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&confined, NULL, 2);
	if (pthread_create(&thread, NULL, create_socket, "thread that was there before") != 0 || confine() < 0)
		return 1;
	pthread_barrier_wait(&confined);
	pthread_join(thread, NULL);
	if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		printf("thread that loaded the filter: %s\n", strerror(errno));
	return 0;
}
