#include "descriptor.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* The record of getdents64(2), which we use because readdir() allocates. */
struct entry {
	unsigned long long inode, offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

#define WITHOUT_SANITIZER __attribute__((no_sanitize_address)) static

WITHOUT_SANITIZER int parse_number(const char *text)
{
	int number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = 10 * number + *text - '0';
	return *text ? -1 : number;
}

/* For kernels before 5.11, and seccomp filters that refuse close_range(). */
WITHOUT_SANITIZER void walk(int first, bool close_them)
{
	int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	_Alignas(struct entry) char entries[2048];
	long size;

	if (folder < 0)
		return;
	while ((size = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *entry = (const struct entry *)(entries + at);

			at += entry->size;
			fd = parse_number(entry->name);
			if (fd < first || fd == folder)
				continue;
			if (close_them)
				close(fd);
			else
				fcntl(fd, F_SETFD, FD_CLOEXEC);
		}
	}
	close(folder);
}

__attribute__((no_sanitize_address))
void descriptors_mark(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		walk((int)first, false);
}

void descriptors_close(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) < 0)
		walk((int)first, true);
}

__attribute__((no_sanitize_address))
bool descriptor_give(int fd, int number)
{
	return fd == number ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, number) == number;
}
