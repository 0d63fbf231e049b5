/*
 * usage: test-abi-copies LIBRARY.so...: eight private copies of each library can be loaded into one process, as hosts
 * of plugins do it that bring their own; each of them works, also in a thread that was there before. Static
 * thread-local storage would be used up by then.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COPIES = 8 };

static int step; /* of the thread: 1 when the copies are there */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void *copies[COPIES];
static int failures;

static int copy_file(const char *from, const char *to)
{
	char command[3 * 4096];

	snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
	return system(command);
}

/* Libraries without a text of their own have nothing to be tried but that they load. */
static void use(void *copy, const char *when)
{
	const char *(*diagnosis)(const void *) =
	    (const char *(*)(const void *))(uintptr_t)dlsym(copy, "callgate_diagnosis");
	void *(*init)(uint32_t) = (void *(*)(uint32_t))(uintptr_t)dlsym(copy, "seccomp_init");

	if (diagnosis && init && (init(0x12345678) || !strstr(diagnosis(NULL), "0x12345678"))) {
		fprintf(stderr, "%s: a copy says \"%s\"\n", when, diagnosis(NULL));
		failures++;
	}
}

static void *use_in_thread(void *unused)
{
	pthread_mutex_lock(&lock);
	while (!step)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < COPIES; i++)
		if (copies[i])
			use(copies[i], "in a thread");
	return unused;
}

static void load_copies(const char *library, const char *folder)
{
	char name[4096];

	for (int i = 0; i < COPIES; i++) {
		snprintf(name, sizeof(name), "%s/copy%d.so", folder, i);
		copies[i] = copy_file(library, name) == 0 ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : NULL;
		if (!copies[i]) {
			const char *why = dlerror();
			fprintf(stderr, "%s: copy %d: %s\n", library, i + 1, why ? why : "cannot be copied");
			failures++;
		} else {
			use(copies[i], "in the main thread");
		}
		unlink(name);
	}
}

static void try(const char *library)
{
	char folder[] = "/tmp/copies.XXXXXX";
	pthread_t thread;

	step = 0;
	if (!mkdtemp(folder) || pthread_create(&thread, NULL, use_in_thread, NULL) != 0) {
		failures++;
		return;
	}
	load_copies(library, folder);
	pthread_mutex_lock(&lock);
	step = 1;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	rmdir(folder);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		try(argv[i]);
	return argc < 2 || failures > 0;
}
