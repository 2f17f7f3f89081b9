/* graph_text.h - the document of graph.h as a drawing's source: the language of Graphviz, or of Mermaid.
 *
 * Names may be hostile.  A node is called by its number, and a text is escaped so that it stays a text.
 */
#ifndef GRAPH_TEXT_H
#define GRAPH_TEXT_H

#include <jansson.h>

#include "base/buf.h"

void graph_text_dot(const json_t *graph, struct buf *out);
void graph_text_mermaid(const json_t *graph, struct buf *out);

#endif
