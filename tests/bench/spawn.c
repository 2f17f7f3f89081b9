/* spawn N PROGRAM ARG... - the floor of a supervisor of N jobs.
 *
 * Starts the programs, ends them on SIGTERM, waits for them.
 */
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, signo;
	pid_t *pids = calloc((size_t)count + 1, sizeof *pids);
	posix_spawnattr_t attributes;
	sigset_t term, none;

	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	for (int i = 0; i < count; i++)
		if (posix_spawn(&pids[i], argv[2], NULL, &attributes, argv + 2, environ))
			return 1;
	sigwait(&term, &signo);
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}
