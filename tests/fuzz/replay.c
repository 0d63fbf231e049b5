/*
 * replay PATH...: the target without libFuzzer, on files and on all files of folders: the corpus, or what libFuzzer has
 * found. Each is taken as it is, and with tabs behind it: a target may choose by the sum of all bytes how it reads
 * them.
 */
#include <dirent.h>
#include <string.h>

#include "fuzz/fuzz.h"

enum { TABS = 32 };

/* 1, or 0 if it can't be read. */
static int replay_file(const char *path)
{
	static uint8_t bytes[(1 << 20) + TABS];
	FILE *file = fopen(path, "re");

	if (!file) {
		perror(path);
		return 0;
	}
	size_t size = fread(bytes, 1, sizeof(bytes) - TABS, file);
	fclose(file);
	printf("%s\n", path);
	fflush(stdout);
	memset(bytes + size, '\t', TABS);
	for (size_t tabs = 0; tabs <= TABS; tabs++)
		LLVMFuzzerTestOneInput(bytes, size + tabs);
	return 1;
}

/* How many inputs that were. */
static int replay(const char *path)
{
	struct dirent **names;
	char inner[4096];
	int count = scandir(path, &names, NULL, alphasort), replayed = 0;

	if (count < 0)
		return replay_file(path);
	for (int i = 0; i < count; i++) {
		snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			replayed += replay_file(inner);
		free(names[i]);
	}
	free(names);
	return replayed;
}

int main(int argc, char **argv)
{
	int replayed = 0;

	for (int i = 1; i < argc; i++)
		replayed += replay(argv[i]);
	return replayed ? EXIT_SUCCESS : EXIT_FAILURE;
}
