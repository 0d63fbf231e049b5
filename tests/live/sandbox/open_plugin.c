/* usage: open_plugin PLUGIN [HELPER]: opens and closes a plugin; prints why that failed. */
#include <stdio.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

int main(int argc, char **argv)
{
	struct callgate_plugin_options options = {.helper = argc > 2 ? argv[2] : NULL};
	struct callgate_plugin *plugin;

	if (argc < 2)
		return 2;
	if (callgate_plugin_open(argv[1], &options, NULL, &plugin) < 0) {
		printf("%s\n", callgate_diagnosis(NULL));
		return 1;
	}
	callgate_plugin_close(plugin);
	puts("opened");
	return 0;
}
