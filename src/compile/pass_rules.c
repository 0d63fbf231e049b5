/* The rules of every call become one graph over the words of a call. */
#include "compile/dispatch.h"
#include "compile/pass.h"

struct graph_id pass_rules(const struct pass_input *input, struct graph *graph)
{
	return dispatch_graph(graph, input->policy, input->arena);
}
