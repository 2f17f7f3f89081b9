/* Input: a datagram to NOTIFY_SOCKET.  A status lies within it and has no newline; and what a part of the
 * datagram says that was cut, the whole says, too. */
#include <stdint.h>
#include <string.h>

#include "base/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_message whole, part;
	const char *text = (const char *)data;

	notify_parse(text, size, false, &whole);
	if (whole.status) {
		require(whole.status >= text + 7 && whole.status + whole.status_size <= text + size);
		require(!memchr(whole.status, '\n', whole.status_size));
		require(!memcmp(whole.status - 7, "STATUS=", 7));
	}
	for (size_t cut = 0; cut <= size && cut < 256; cut++) {
		notify_parse(text, cut, true, &part);
		require(!(part.words & ~whole.words));
		require(!part.status || whole.status);
	}
	return 0;
}
