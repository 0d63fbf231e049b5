/*
 * What stands in for callgate-plugin-host: it writes the bytes that the file at the plugin's path says, and ends as the
 * file says. It is not instrumented, as callgate-plugin-host is not: it is started for each input.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fuzz/hostile_host.h"
#include "sandbox/plugin_host.h"

static char buffer[1 << 16];

/* Ends the process where the stream ends, which is how the host's library ends it. */
static void read_all(int fd, void *bytes, size_t size)
{
	for (char *at = bytes; size > 0;) {
		ssize_t count = read(fd, at, size);
		if (count <= 0)
			_exit(0);
		at += count;
		size -= (size_t)count;
	}
}

static void read_past(int fd, uint64_t size)
{
	for (; size > sizeof(buffer); size -= sizeof(buffer))
		read_all(fd, buffer, sizeof(buffer));
	read_all(fd, buffer, (size_t)size);
}

/* In two writes where the script says so: the reader gets a part of a frame first. */
static void write_chunk(int script)
{
	struct hostile_chunk chunk;
	ssize_t written;

	read_all(script, &chunk, sizeof(chunk));
	read_all(script, buffer, chunk.size);
	if (chunk.split > 0 && chunk.split < chunk.size) {
		written = write(PLUGIN_RESPONSE_FD, buffer, chunk.split);
		sched_yield();
		written = write(PLUGIN_RESPONSE_FD, buffer + chunk.split, chunk.size - chunk.split);
	} else {
		written = write(PLUGIN_RESPONSE_FD, buffer, chunk.size);
	}
	(void)written;
}

static _Noreturn void end(const struct hostile_script *script)
{
	const struct rlimit no_core = {0, 0};

	setrlimit(RLIMIT_CORE, &no_core);
	if (script->signal) {
		signal(script->signal, SIG_DFL);
		raise(script->signal);
	}
	_exit(script->status);
}

int main(void)
{
	struct setup setup;
	struct request request;
	struct hostile_script script;
	char path[4096];

	read_all(PLUGIN_REQUEST_FD, &setup, sizeof(setup));
	if (setup.magic != SETUP_MAGIC || setup.sizes[SETUP_PATH] > sizeof(path))
		return 2;
	read_all(PLUGIN_REQUEST_FD, path, setup.sizes[SETUP_PATH]);
	for (int i = SETUP_PATH + 1; i < SETUP_PARTS; i++)
		read_past(PLUGIN_REQUEST_FD, setup.sizes[i]);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	read_all(file, &script, sizeof(script));
	for (uint32_t i = 0; i < script.chunks; i++) {
		if (i > 0) {
			read_all(PLUGIN_REQUEST_FD, &request, sizeof(request));
			read_past(PLUGIN_REQUEST_FD, request.size);
		}
		write_chunk(file);
	}
	end(&script);
}
