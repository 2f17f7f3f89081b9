#include "base/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define ALL (NOTIFY_READY | NOTIFY_RELOADING | NOTIFY_STOPPING | NOTIFY_ALIVE | NOTIFY_FAILED)

static void test_words_of_each_datagram(void **state)
{
	static const struct { bool cut; const char *text; unsigned words; const char *status; } rows[] = {
		{ false, "", 0, NULL }, { false, "\n\n", 0, NULL },
		{ false, "READY=1", NOTIFY_READY, NULL }, { false, "READY=1\n", NOTIFY_READY, NULL },
		{ false, "READY=0", 0, NULL }, { false, "READY=", 0, NULL }, { false, "READY=10", 0, NULL }, { false, "XREADY=1", 0, NULL },
		{ false, "ready=1", 0, NULL }, { false, "READY=1\r", 0, NULL }, { false, " READY=1", 0, NULL },
		{ false, "READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=1\nWATCHDOG=trigger", ALL, NULL },
		{ false, "MAINPID=7\nERRNO=2\nREADY=1\nFDSTORE=1\nWATCHDOG_USEC=7\nBARRIER=1", NOTIFY_READY, NULL },
		{ false, "STATUS=a=b c", 0, "a=b c" }, { false, "STATUS=", 0, "" }, { false, "STATUS", 0, NULL },
		{ false, "STATUS=1\nREADY=1\nSTATUS=2", NOTIFY_READY, "2" },
		{ true, "STATUS=cut", 0, "cut" }, { true, "READY=1", 0, NULL },
		{ true, "READY=1\n", NOTIFY_READY, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct notify_message message;

		notify_parse(rows[i].text, strlen(rows[i].text), rows[i].cut, &message);
		if (message.words != rows[i].words || !message.status != !rows[i].status)
			fail_msg("%x: %s", message.words, rows[i].text);
		if (!rows[i].status)
			continue;
		assert_int_equal(message.status_size, strlen(rows[i].status));
		assert_memory_equal(message.status, rows[i].status, message.status_size);
	}
}

static void test_nul(void **state)
{
	struct notify_message message;

	(void)state;
	notify_parse("READY=1", sizeof "READY=1", false, &message);
	assert_int_equal(message.words, NOTIFY_READY);
	notify_parse("READY=1\0\nSTOPPING=1", 19, false, &message);
	assert_int_equal(message.words, NOTIFY_STOPPING);
	notify_parse("", 1, false, &message);
	assert_int_equal(message.words, 0);
}

static void test_send(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct error error = ERROR_INIT;
	char name[32], text[32];
	int sent = 0;

	(void)state;
	snprintf(name, sizeof name, "@test-notify-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))));
	assert_true(notify_send(name, "READY=1", &error));
	assert_int_equal(7, recv(fd, text, sizeof text, 0));
	assert_memory_equal(text, "READY=1", 7);
	while (notify_send(name, "x", &error))	/* a full queue does not block */
		assert_true(++sent < 100000);
	assert_true(sent > 0);
	close(fd);
}

static void test_send_to_nothing(void **state)
{
	static const char *const addresses[] = { "", "@", "/", "vsock:2:3", "run/notify", "/nonexistent/notify", "@none" };
	struct error error = ERROR_INIT;
	char big[200] = "/";

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
		assert_false(notify_send(addresses[i], "READY=1", &error));
	memset(big + 1, 'x', sizeof big - 2);
	error = (struct error)ERROR_INIT;
	assert_false(notify_send(big, "READY=1", &error));
	assert_string_equal(error.text, "must have 2 to 107 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_each_datagram),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_send_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
