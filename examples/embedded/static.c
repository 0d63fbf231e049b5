/*
 * A tool of a few kilobytes that confines itself without a library: the filter is in chmod_filter.h, which
 *
 *	callgate compile --profile chmod.json --format header --arch all --name chmod_filter -o chmod_filter.h
 *
 * wrote. Exit status: 0 if chmod(2) was denied, 1 if it was not, 2 if there is no filter.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chmod_filter.h"

static int say(const char *text, int status)
{
	return write(STDOUT_FILENO, text, strlen(text)) < 0 ? 2 : status;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return say("usage: static FILE\n", 2);
	if (chmod_filter_load(0) < 0)
		return say("no filter, so nothing is done\n", 2);
	if (chmod(argv[1], 0400) == 0)
		return say("chmod was not denied\n", 1);
	return errno == EPERM ? say("chmod: Operation not permitted\n", 0) : say("chmod failed\n", 1);
}
