#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* A flag of unshare() alone: in clone() the bit belongs to the exit signal. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
enum {
	CLONED = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		 CLONE_NEWPID | CLONE_NEWNET,
	UNSHARED = CLONED | CLONE_NEWTIME,
	X32 = 0x40000000,		/* a second set of numbers on x86_64 */
};

/* Numbers that are the same on all architectures, newer than some headers. */
enum {
	IO_URING_SETUP = 425, OPEN_TREE = 428, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, FSPICK,
	CLONE3 = 435, PIDFD_GETFD = 438, MOUNT_SETATTR = 442, OPEN_TREE_ATTR = 467,
};

/* A system call that a restriction refuses. */
static const struct refusal {
	enum restriction restriction;
	int call, error;
} refusals[] = {
#define R(restriction, call) { RESTRICT_##restriction, SYS_##call, EPERM }
#define N(restriction, call, error) { RESTRICT_##restriction, call, error }
	N(NO_NETWORK, IO_URING_SETUP, ENOSYS),		/* it can make sockets, unseen by a filter */
	R(NO_NAMESPACES, setns),
	N(NO_NAMESPACES, CLONE3, ENOSYS),		/* its flags cannot be seen; callers use clone() */
	R(NO_MOUNT, mount), R(NO_MOUNT, umount2), R(NO_MOUNT, pivot_root), R(NO_MOUNT, chroot),
	N(NO_MOUNT, OPEN_TREE, EPERM), N(NO_MOUNT, MOVE_MOUNT, EPERM), N(NO_MOUNT, FSOPEN, EPERM),
	N(NO_MOUNT, FSCONFIG, EPERM), N(NO_MOUNT, FSMOUNT, EPERM), N(NO_MOUNT, FSPICK, EPERM),
	N(NO_MOUNT, MOUNT_SETATTR, EPERM), N(NO_MOUNT, OPEN_TREE_ATTR, EPERM),
	R(NO_DEBUG, ptrace), R(NO_DEBUG, process_vm_readv), R(NO_DEBUG, process_vm_writev),
	R(NO_DEBUG, kcmp), R(NO_DEBUG, perf_event_open), N(NO_DEBUG, PIDFD_GETFD, EPERM),
	R(NO_KERNEL, init_module), R(NO_KERNEL, finit_module), R(NO_KERNEL, delete_module),
	R(NO_KERNEL, kexec_load), N(NO_KERNEL, SYS_kexec_file_load, EPERM), R(NO_KERNEL, reboot),
	R(NO_KERNEL, bpf), R(NO_KERNEL, perf_event_open), R(NO_KERNEL, userfaultfd),
	N(NO_KERNEL, IO_URING_SETUP, ENOSYS), R(NO_KERNEL, add_key), R(NO_KERNEL, request_key),
	R(NO_KERNEL, keyctl), R(NO_KERNEL, swapon), R(NO_KERNEL, swapoff), R(NO_KERNEL, acct),
	R(NO_KERNEL, quotactl), R(NO_KERNEL, syslog), R(NO_KERNEL, settimeofday),
	R(NO_KERNEL, clock_settime), R(NO_KERNEL, open_by_handle_at),
#ifdef SYS_iopl
	R(NO_KERNEL, iopl), R(NO_KERNEL, ioperm),
#endif
#undef R
#undef N
};

static void add(struct filter *filter, struct sock_filter instruction)
{
	filter->code[filter->count++] = instruction;
}

static void load(struct filter *filter, size_t offset)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* If the comparison holds, the next instruction runs, else `skip` instructions are skipped. */
static void test(struct filter *filter, uint16_t comparison, uint32_t value, uint8_t skip)
{
	add(filter, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | comparison | BPF_K), value, 0,
						 skip));
}

static void answer(struct filter *filter, uint32_t action)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void refuse(struct filter *filter, int error)
{
	answer(filter, SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* Refuses the call if the comparison with its first argument holds. */
static void refuse_argument(struct filter *filter, int call, struct sock_filter comparison,
			    int error)
{
	test(filter, BPF_JEQ, (uint32_t)call, 4);
	load(filter, offsetof(struct seccomp_data, args[0]));
	add(filter, comparison);
	refuse(filter, error);
	answer(filter, SECCOMP_RET_ALLOW);
}

#define HOLDS(bits) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1)
#define DIFFERS(value) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 1, 0)

#ifdef ARCHITECTURE
bool filter_build(struct filter *filter, unsigned restrictions)
{
	filter->count = 0;
	if (!restrictions)
		return true;
	load(filter, offsetof(struct seccomp_data, arch));
	add(filter, DIFFERS(ARCHITECTURE));
	answer(filter, SECCOMP_RET_KILL_PROCESS);
	load(filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	test(filter, BPF_JGE, X32, 1);
	refuse(filter, ENOSYS);
#endif
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (!(restrictions >> refusals[i].restriction & 1))
			continue;
		test(filter, BPF_JEQ, (uint32_t)refusals[i].call, 1);
		refuse(filter, refusals[i].error);
	}
	if (restrictions >> RESTRICT_NO_NETWORK & 1)
		refuse_argument(filter, SYS_socket, DIFFERS(AF_UNIX), EAFNOSUPPORT);
	if (restrictions >> RESTRICT_NO_NAMESPACES & 1) {
		refuse_argument(filter, SYS_clone, HOLDS(CLONED), EPERM);
		refuse_argument(filter, SYS_unshare, HOLDS(UNSHARED), EPERM);
	}
	answer(filter, SECCOMP_RET_ALLOW);
	return true;
}
#else
bool filter_build(struct filter *filter, unsigned restrictions)
{
	filter->count = 0;
	return !restrictions;
}
#endif

__attribute__((no_sanitize_address))
bool confine_calls(struct filter *filter)
{
	struct sock_fprog program = { .len = filter->count, .filter = filter->code };

	return !filter->count || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
