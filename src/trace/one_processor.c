/* The tracer and the command on one processor (trace/tracer.h). */
#include <string.h>

#include <callgate/arch.h>
#include <callgate/syscall.h>

#include "trace/tracer.h"

void one_processor_start(struct one_processor *processor, pid_t command)
{
	const int here = sched_getcpu();
	cpu_set_t one;

	if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof(processor->before), &processor->before) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)here, &one);
	*processor = (struct one_processor){true, processor->before, 1, {command}};
	if (sched_setaffinity(command, sizeof(one), &one) < 0 || sched_setaffinity(0, sizeof(one), &one) < 0)
		one_processor_end(processor);
}

void one_processor_end(struct one_processor *processor)
{
	if (!processor->is_kept)
		return;
	processor->is_kept = false;
	(void)sched_setaffinity(0, sizeof(processor->before), &processor->before);
	for (unsigned i = 0; i < processor->count; i++)
		(void)sched_setaffinity(processor->processes[i], sizeof(processor->before), &processor->before);
}

/* A child inherits where its parent may run. */
void one_processor_add(struct one_processor *processor, pid_t tid, bool is_process)
{
	if (!processor->is_kept)
		return;
	if (is_process && processor->count < ONE_PROCESSOR_PROCESSES) {
		processor->processes[processor->count++] = tid;
		return;
	}
	(void)sched_setaffinity(tid, sizeof(processor->before), &processor->before);
	one_processor_end(processor);
}

void one_processor_remove(struct one_processor *processor, pid_t tid)
{
	for (unsigned i = 0; processor->is_kept && i < processor->count; i++)
		if (processor->processes[i] == tid)
			processor->processes[i] = processor->processes[--processor->count];
}

void one_processor_call(struct one_processor *processor, const struct callgate_call *call)
{
	static const char *const asking[] = {"sched_getaffinity", "sched_setaffinity", "getcpu"};
	const struct callgate_arch *arch = processor->is_kept ? callgate_arch_of_call(call->arch, call->nr) : NULL;
	const char *name = arch ? callgate_syscall_name(arch->token, call->nr) : NULL;

	for (size_t i = 0; name && i < sizeof(asking) / sizeof(asking[0]); i++)
		if (strcmp(name, asking[i]) == 0)
			one_processor_end(processor);
}
