#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;		/* without "SIG" */
	int signo;
} names[] = {				/* of two names for one number, the first is printed */
#define S(name) { #name, SIG##name }
	S(HUP), S(INT), S(QUIT), S(ILL), S(TRAP), S(ABRT), S(BUS), S(FPE), S(KILL), S(USR1),
	S(SEGV), S(USR2), S(PIPE), S(ALRM), S(TERM), S(STKFLT), S(CHLD), S(CONT), S(STOP),
	S(TSTP), S(TTIN), S(TTOU), S(URG), S(XCPU), S(XFSZ), S(VTALRM), S(PROF), S(WINCH),
	S(IO), S(PWR), S(SYS), S(POLL), S(IOT), { "CLD", SIGCHLD },
#undef S
};

/* -1: not only decimal digits. */
static int parse_digits(const char *text)
{
	size_t length = strspn(text, "0123456789");

	if (!length || length > 3 || text[length])
		return -1;
	return atoi(text);
}

/* "RTMIN", "RTMIN+3", "RTMAX-2" */
static int parse_real_time(const char *name)
{
	bool from_top = !strncasecmp(name, "RTMAX", 5);
	int offset = 0, signo;

	if (!from_top && strncasecmp(name, "RTMIN", 5) != 0)
		return 0;
	if (name[5]) {
		offset = parse_digits(name + 6);
		if (name[5] != (from_top ? '-' : '+') || offset < 0)
			return 0;
	}
	signo = from_top ? SIGRTMAX - offset : SIGRTMIN + offset;
	return signo >= SIGRTMIN && signo <= SIGRTMAX ? signo : 0;
}

int signal_parse(const char *name)
{
	int number = parse_digits(name);

	if (number >= 0)
		return number <= SIGRTMAX ? number : 0;
	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcasecmp(name, names[i].name))
			return names[i].signo;
	return parse_real_time(name);
}

const char *signal_name(int signo)
{
	static char text[16];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (names[i].signo == signo) {
			snprintf(text, sizeof text, "SIG%s", names[i].name);
			return text;
		}
	}
	if (signo >= SIGRTMIN && signo <= SIGRTMAX)
		snprintf(text, sizeof text, "SIGRTMIN+%d", signo - SIGRTMIN);
	else
		snprintf(text, sizeof text, "signal %d", signo);
	return text;
}
