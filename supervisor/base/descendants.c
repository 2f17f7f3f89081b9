#include "descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

struct relation {
	pid_t pid, parent;
	bool zombie, ours;
};

struct family {
	struct relation *items;
	size_t count, room;
};

static bool read_relation(const char *pid, struct relation *relation)
{
	char path[64], text[512], *rest;
	ssize_t size;
	int fd;

	snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof text - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	rest = strrchr(text, ')');	/* the program's name before it may contain ')' */
	if (!rest || strlen(rest) < 5)
		return false;
	*relation = (struct relation){
		.pid = (pid_t)atoi(text), .parent = (pid_t)atoi(rest + 4), .zombie = rest[2] == 'Z',
	};
	return true;
}

static void add(struct family *family, const char *pid)
{
	if (family->count == family->room) {
		family->room = family->room ? 2 * family->room : 64;
		family->items = alloc_resize(family->items, family->room * sizeof *family->items);
	}
	if (read_relation(pid, &family->items[family->count]))
		family->count++;
}

static void read_family(struct family *family)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			add(family, entry->d_name);
	if (folder)
		closedir(folder);
}

static int by_pid(const void *one, const void *other)
{
	return ((const struct relation *)one)->pid - ((const struct relation *)other)->pid;
}

static bool is_ours(const struct family *family, pid_t pid)
{
	const struct relation wanted = { .pid = pid }, *found;

	if (pid == getpid())
		return true;
	found = bsearch(&wanted, family->items, family->count, sizeof wanted, by_pid);
	return found && found->ours;
}

/* A child's pid is usually higher than its parent's, so that two rounds suffice. */
static void mark(struct family *family)
{
	bool changed;

	if (!family->count)
		return;
	qsort(family->items, family->count, sizeof *family->items, by_pid);
	do {
		changed = false;
		for (size_t i = 0; i < family->count; i++) {
			struct relation *item = &family->items[i];

			if (!item->ours && is_ours(family, item->parent))
				item->ours = changed = true;
		}
	} while (changed);
}

/* The pids in the /proc of another PID namespace belong to other processes. */
static bool proc_is_ours(void)
{
	char pid[16] = "";

	return readlink("/proc/self", pid, sizeof pid - 1) > 0 && atoi(pid) == getpid();
}

unsigned descendants_signal(int signo)
{
	struct family family = { 0 };
	unsigned found = 0;

	if (!proc_is_ours())
		return 0;
	read_family(&family);
	mark(&family);
	for (size_t i = 0; i < family.count; i++) {
		if (!family.items[i].ours || family.items[i].zombie)
			continue;
		kill(family.items[i].pid, signo);
		found++;
	}
	free(family.items);
	return found;
}
