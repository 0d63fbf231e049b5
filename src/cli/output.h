/*
 * The one writer of the tool. A regular file is replaced as a whole or not at all: what a command prints is kept in
 * memory, and output_commit() writes it to a new file beside the old one, which is renamed when it is complete.
 * Whatever fails or ends the process before leaves the old file as it was. A symbolic link is followed; mode, owner and
 * access list of the old file are kept. Standard output, pipes and devices are written directly.
 *
 * What the command has read, as output_note_input() was told, is not written over, whatever names are used for it:
 * neither what output_open() finds, nor what is read until output_commit().
 *
 *	struct output output;
 *	if (!output_open(&output, path))
 *		return CLI_FAILED;
 *	fputs("...", output.stream);
 *	return output_commit(&output) ? CLI_OK : CLI_FAILED;
 */
#ifndef CALLGATE_CLI_OUTPUT_H
#define CALLGATE_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

struct output {
	FILE *stream;     /* NULL: nothing is open */
	const char *name; /* for messages */
	char *bytes;      /* what was printed, if a file is replaced */
	size_t size;
	int folder;            /* a file is replaced: the directory it is in; else -1 */
	char base[256];        /* and its name there */
	bool exists, is_input; /* is_input: it is meant to be a file that was read, which is changed */
	struct stat old;       /* of the file to be replaced, if it exists, or of what is written directly */
};

/*
 * Takes a descriptor and returns it with a high number, closed on exec, so that calls of live tests about 3, 4 and so
 * on do not meet the tool's own files; the same one where there are no high numbers.
 */
int output_raise(int fd);

/* Opens the path; NULL and "-" are standard output. False after a message was printed. */
bool output_open(struct output *output, const char *path);

/* The same for a file that was read, and that is changed. */
bool output_open_input(struct output *output, const char *path);

/* This file was read ("-": standard input), or was to be: no output takes its place. */
void output_note_input(const char *path);

/* False, after a message and output_discard() of the first output, if both are one file. */
bool output_is_another(struct output *output, const struct output *other);

/*
 * Everything printed is in its place; or false after a message was printed, and the old file is as it was. Closes in
 * any case.
 */
bool output_commit(struct output *output);

/* Closes and forgets what was printed. Nothing open is fine. */
void output_discard(struct output *output);

#endif
