/* page.h - the page for browsers, from the files in page/, which are inside of the program.
 *
 * It shows /status and /graph, which it fetches after each event of /events.  It changes nothing and
 * loads nothing from elsewhere.  Texts from outside are only ever put into it as text.
 */
#ifndef PAGE_H
#define PAGE_H

#include "control/responder.h"

/* Answers with the part of the page at the exchange's path, or by 404. */
void page_answer(struct exchange *exchange);

/* The head of all answers of a port with the page: nothing runs but our own script (exchange.headers). */
const char *page_headers(void);

#endif
