#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IN_CHILD __attribute__((no_sanitize_address))

enum { HIGHEST = 63 };

static const char *const names[] = {	/* by number, without "CAP_" */
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE",
	"SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
	"PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

enum { COUNT = sizeof names / sizeof *names };

const char *capability_name(int number)
{
	return number >= 0 && number < COUNT ? names[number] : NULL;
}

int capability_parse(const char *name)
{
	if (!strncasecmp(name, "CAP_", 4))
		name += 4;
	for (int i = 0; i < COUNT; i++)
		if (!strcasecmp(name, names[i]))
			return i;
	return -1;
}

IN_CHILD static bool is_kept(const struct confinement *confinement, int capability)
{
	return confinement->capabilities >> capability & 1;
}

IN_CHILD bool confine_bounding(const struct confinement *confinement, bool no_new_privs)
{
	for (int i = 0; i <= HIGHEST && confinement->drops; i++) {
		int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (has < 0)		/* the kernel has no more capabilities */
			return true;
		if (has && !is_kept(confinement, i) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return errno == EPERM && no_new_privs;
	}
	return true;
}

IN_CHILD bool confine_keep(const struct confinement *confinement)
{
	return !confinement->drops || !confinement->capabilities ||
	       prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
}

IN_CHILD bool confine_capabilities(const struct confinement *confinement)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (!confinement->drops)
		return true;
	for (int i = 0; i < 2; i++) {
		data[i].permitted = (uint32_t)(confinement->capabilities >> (32 * i));
		data[i].effective = data[i].inheritable = data[i].permitted;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, data) < 0)
		return false;
	for (int i = 0; i <= HIGHEST; i++)
		if (is_kept(confinement, i) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return false;
	return true;
}
