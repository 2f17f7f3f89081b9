/* Input: the bytes of a request to the control socket.  A whole request stays whole without the
 * bytes behind it, a part of it is none, and its pieces stay within what was sent. */
#include <stdint.h>
#include <string.h>

#include "control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

static void try_parts(const struct request *request)
{
	char text[REQUEST_TEXT];

	for (size_t number = 0; request_segment(request, number, text, sizeof text); number++)
		require(strlen(text) <= strlen(request->path));
	if (request_query(request, "job", text, sizeof text))
		require(strlen(text) <= strlen(request->query));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request, part;
	const char *text = (const char *)data;
	int status = request_parse(text, size, &request);
	size_t whole = request.head + request.body;

	require(!status || status == 200 || (status >= 400 && status <= 505));
	if (status == 200) {
		require(whole <= size && request.body <= REQUEST_BODY_MOST);
		require(request_parse(text, whole, &part) == 200);
		require(!request_parse(text, whole - 1, &part));
		try_parts(&request);
	}
	return 0;
}
