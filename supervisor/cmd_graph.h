/* cmd_graph.h - the verb `graph`: the graph (graph.h) of a running pilotfish.  If none answers and a
 * configuration is given, its units are built and linked, and nothing starts. */
#ifndef CMD_GRAPH_H
#define CMD_GRAPH_H

#include "command/command.h"

verb_fn cmd_graph;

#endif
