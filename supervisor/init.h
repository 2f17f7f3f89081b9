/* init.h - the bare init: one command, its signals, its orphans, its exit code.
 *
 *	pilotfish [-g] [-s] [-e CODE]... [-r A:B]... [-p SIG] -- COMMAND [ARGUMENT]...
 *
 * No configuration, no network, no socket, no loop: the command is started before anything
 * else is done.  Every signal that can be caught is passed on, real-time ones with their value;
 * to the command itself, or with -g to its process group.  SIGTSTP, SIGTTIN and SIGTTOU suspend
 * us too, unless we are PID 1; SIGCONT wakes both.
 *
 * When the command has ended its descendants get SIGTERM and are waited for, until the stop
 * deadline: PILOTFISH_STOP_TIMEOUT (8s) after the SIGTERM, SIGINT, SIGQUIT or SIGHUP that was
 * passed on, or after the command's end if none came.  Then, or at a second SIGTERM or SIGINT,
 * they are killed.  The exit code is the command's, 128+n for a signal, 127 not found, 126 not
 * executable.
 */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>

/* Only options of the bare init stand before a "--"?  Reads nothing else, so that it may be
 * asked before the signals are blocked. */
bool init_is_meant(int argc, char **argv);

/* The whole run, process_setup() included.  Returns the exit code; 64: wrong usage. */
int init_main(int argc, char **argv);

#endif
