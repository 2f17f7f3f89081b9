/* init.h - the bare init: one command, its signals, its orphans, its exit code.
 *
 *	pilotfish [-g] [-s] [-e CODE]... [-r A:B]... [-p SIG] -- COMMAND [ARGUMENT]...
 *
 * and what init_options.h has.
 *
 * There is no configuration, network, socket or loop: the init starts the command first of all.  It
 * passes every signal on that can be caught, real-time signals with their value, to the command or
 * with -g to its process group.  SIGTSTP, SIGTTIN and SIGTTOU suspend the init too, unless it is
 * PID 1; SIGCONT wakes both.  So does the terminal's Ctrl-Z, which only the command's group gets; under
 * PID 1 the command then continues at once, as no shell could continue it.
 *
 * When the command has ended, the init sends SIGTERM to its descendants and waits for them until the
 * stop deadline.  That is PILOTFISH_STOP_TIMEOUT (8s) after the SIGTERM, SIGINT, SIGQUIT or SIGHUP
 * that it passed on, or after the command's end if none came.  Then, or at a second SIGTERM or
 * SIGINT, it kills them.  The exit code is the command's; 128+n for signal n, 127 if the command was
 * not found, 126 if it is not executable.
 */
#ifndef INIT_H
#define INIT_H

/* The whole run, process_setup() included.  Returns the exit code; 64: wrong usage. */
int init_main(int argc, char **argv);

#endif
