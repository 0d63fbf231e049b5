/*
 * Copies of plugins/attacker.c with orders for it, in a directory of their own.
 */
#ifndef TESTS_PLUGIN_ORDERS_H
#define TESTS_PLUGIN_ORDERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char orders_home[] = "/tmp/callgate-home-XXXXXX";
static char orders_plugin[96];

static inline void orders_make_home(void)
{
	if (!mkdtemp(orders_home) || chmod(orders_home, 0755) < 0)
		abort();
}

/* Makes the plugin in the directory. `orders` is lines, the first one what to do. */
static inline void orders_make_plugin(const char *orders)
{
	char buffer[4096];
	size_t count;

	snprintf(orders_plugin, sizeof(orders_plugin), "%s/attacker.so", orders_home);
	FILE *from = fopen(PLUGINS "/attacker.so", "re"), *to = fopen(orders_plugin, "we");
	if (!from || !to)
		abort();
	while ((count = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, count, to);
	fprintf(to, "\nORDERS\n%s\n", orders);
	fclose(from);
	if (fclose(to) != 0 || chmod(orders_plugin, 0755) < 0)
		abort();
}

static inline void orders_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", orders_home);
	if (system(command) != 0)
		abort();
}

#endif
