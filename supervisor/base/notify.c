#include "notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct { const char *line; unsigned word; } words[] = {
	{ "READY=1", NOTIFY_READY }, { "RELOADING=1", NOTIFY_RELOADING }, { "STOPPING=1", NOTIFY_STOPPING },
	{ "WATCHDOG=1", NOTIFY_ALIVE }, { "WATCHDOG=trigger", NOTIFY_FAILED },
};

static unsigned find_word(const char *line, size_t size)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].line) == size && !memcmp(words[i].line, line, size))
			return words[i].word;
	return 0;
}

static void parse_line(const char *line, size_t size, bool cut, struct notify_message *message)
{
	static const char status[] = "STATUS=";
	const size_t name = sizeof status - 1;

	if (size >= name && !memcmp(line, status, name)) {
		message->status = line + name;
		message->status_size = size - name;
	} else if (!cut) {
		message->words |= find_word(line, size);
	}
}

void notify_parse(const char *text, size_t size, bool cut, struct notify_message *message)
{
	const char *end;

	*message = (struct notify_message){ .status = NULL };
	if (size && !text[size - 1])	/* some clients send the string with its NUL */
		size--;
	while (size && (end = memchr(text, '\n', size))) {
		parse_line(text, (size_t)(end - text), false, message);
		size -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	parse_line(text, size, cut, message);
}

static bool send_to(int fd, const struct sockaddr_un *to, socklen_t length, const char *text,
		    struct error *error)
{
	if (sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)to,
		   length) < 0)
		return fail(error, "%s", strerror(errno));
	return true;
}

bool notify_send(const char *address, const char *text, struct error *error)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t size = strlen(address);
	bool sent;
	int fd;

	if (*address != '/' && *address != '@')
		return fail(error, "must be a path or begin with @");
	if (size < 2 || size >= sizeof to.sun_path)
		return fail(error, "must have 2 to %zu bytes", sizeof to.sun_path - 1);
	memcpy(to.sun_path, address, size);
	if (*address == '@')
		*to.sun_path = '\0';
	else
		size++;			/* a path has its NUL */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(error, "%s", strerror(errno));
	sent = send_to(fd, &to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size), text, error);
	close(fd);
	return sent;
}
