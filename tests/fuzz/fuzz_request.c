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
	int status = request_parse((const char *)data, size, &request);

	require(!status || status == 200 || (status >= 400 && status <= 505));
	if (status == 200) {
		require(request.head + request.body <= size && request.body <= REQUEST_BODY_MOST);
		require(request_parse((const char *)data, request.head + request.body, &part) == 200);
		require(!request.body || !request_parse((const char *)data, request.head + request.body - 1, &part));
		require(!request_parse((const char *)data, request.head - 1, &part));
		try_parts(&request);
	}
	return 0;
}
