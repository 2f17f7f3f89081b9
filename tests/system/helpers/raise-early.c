/* raise-early - preloaded: a child sends SIGTERM while libraries are being initialised, before main(). */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor))
static void raise_early(void)
{
	pid_t child;

	unsetenv("LD_PRELOAD");
	child = fork();
	if (!child) {
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}
