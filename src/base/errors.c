#include "base/errors.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The names themselves, not pointers, which the dynamic linker would have to relocate: 15 letters are the longest. */
static const struct {
	char name[16];
	uint16_t number;
} errors[] = {
#define ERROR(name) {#name, name},
#include "base/errors.inc"
#undef ERROR
};

const char *error_name(unsigned number)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].number == number)
			return errors[i].name;
	return NULL;
}

unsigned error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	return 0;
}
