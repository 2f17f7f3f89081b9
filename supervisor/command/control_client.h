/* control_client.h - asks a running pilotfish over its control socket (endpoints.h); blocks.
 *
 * The socket is --socket, else $PILOTFISH_SOCKET, else the default if that exists, else the one that
 * the configuration names: a health check that runs every few seconds need not read a configuration.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include "command.h"

struct control_request {
	const char *method, *path;
	const char *body;		/* NULL: none */
	double timeout;			/* seconds for the whole; 0: none, for a stream */

	/* the answer */
	int status;			/* of HTTP */
	/* Gets the parts of a successful answer as they come.  False: enough.  NULL: they are
	 * collected in `answer`, as those of a failure always are. */
	bool (*on_part)(struct control_request *request, const char *part, size_t size);
	/* Of ask_and_print(): prints a successful answer, and returns the exit code.  NULL: it is text. */
	int (*print)(const struct call *call, const struct buf *answer);
	struct buf answer;		/* released by the caller */
};

/* EX_OK: there is an answer.  Else a code of sysexits(3), and `error` says why there is none. */
int control_ask(const struct call *call, struct control_request *request, struct error *error);

/* The exit code for an answer: EX_OK for 2xx. */
int control_code(const struct control_request *request);

/* Asks, prints the answer, and returns the exit code.  An answer is a line of text, unless the request has
 * a print(). */
int ask_and_print(const struct call *call, struct control_request *request);

#endif
