/* A plugin that needs a shared object beside it. */
#include <callgate/plugin_side.h>

int needed_value(void);

int64_t callgate_plugin_serve(struct callgate_plugin_job *job)
{
	(void)job;
	return needed_value();
}
