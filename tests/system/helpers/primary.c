/* primary - a workload that records when it believed that it was the primary.
 *
 *     primary reign [stubborn]     the primary from the first instruction to the last (`runs`)
 *     primary replica [stubborn]   a replica until promoted (`job`)
 *     primary promote|demote       the hooks, which wait until the replica has obeyed
 *
 * A reign is the time for which a process believed to be the primary.  Each reign is a file
 * $PRIMARY_DIR/NAME.ID.EPOCH.PID with a struct reign, mapped into memory so that SIGKILL loses nothing;
 * reigns.py reads these.  NAME and ID are $PRIMARY_NAME and $PRIMARY_ID, EPOCH is
 * $PILOTFISH_ELECTION_EPOCH, times are nanoseconds of CLOCK_BOOTTIME.  A heartbeat updates the file
 * every 2 ms.  With PRIMARY_STORE=ADDRESS:PORT the primary permanently writes to a fenced-store with
 * its epoch, and counts accepted, refused and failed writes.  stubborn: ignores SIGTERM.
 * The program checks nothing: it must show pilotfish's mistakes, not correct them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BEAT = 2, WRITE_EVERY = 5, RECONNECT_EVERY = 50 };	/* milliseconds */

struct reign {
	uint64_t first, last, epoch, beats;
	uint64_t accepted, refused, failed;
	uint64_t over;		/* ended in order: by SIGTERM, or demoted */
};

struct store {
	struct sockaddr_in address;
	int fd;			/* -1: not connected */
	bool asked;		/* an answer is outstanding */
	uint64_t due;		/* the next write, or attempt to connect */
	unsigned long serial;
};

static struct reign *reign;
static struct store store = { .fd = -1 };
static volatile sig_atomic_t end_requested;

static uint64_t now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_BOOTTIME, &at);
	return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	if (!value && !otherwise) {
		fprintf(stderr, "primary: no %s\n", name);
		exit(1);
	}
	return value ? value : otherwise;
}

static void begin_reign(uint64_t epoch)
{
	uint64_t began = now();
	char path[512];
	int fd;

	snprintf(path, sizeof path, "%s/%s.%s.%llu.%d", variable("PRIMARY_DIR", NULL),
		 variable("PRIMARY_NAME", NULL), variable("PRIMARY_ID", NULL),
		 (unsigned long long)epoch, (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof *reign) < 0)
		die(path);
	reign = mmap(NULL, sizeof *reign, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (reign == MAP_FAILED)
		die("mmap");
	close(fd);
	reign->epoch = epoch;
	reign->last = began;
	reign->first = began;
}

/* --- the store */

static void store_find(void)
{
	char text[64];
	char *colon;

	snprintf(text, sizeof text, "%s", variable("PRIMARY_STORE", ""));
	colon = strchr(text, ':');
	if (!colon)
		return;
	*colon = '\0';
	store.address.sin_family = AF_INET;
	store.address.sin_port = htons((uint16_t)atoi(colon + 1));
	inet_pton(AF_INET, text, &store.address.sin_addr);
}

static void store_lose(void)
{
	if (store.asked)
		reign->failed++;
	close(store.fd);
	store.fd = -1;
	store.asked = false;
	store.due = now() + RECONNECT_EVERY * 1000000ULL;
}

static void store_write(void)
{
	char line[128];
	int size;

	store.due = now() + WRITE_EVERY * 1000000ULL;
	if (store.fd < 0) {
		store.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(store.fd, (struct sockaddr *)&store.address, sizeof store.address) < 0 &&
		    errno != EINPROGRESS)
			store_lose();
		return;
	}
	size = snprintf(line, sizeof line, "%s %llu %s %lu\n", variable("PRIMARY_NAME", NULL),
			(unsigned long long)reign->epoch, variable("PRIMARY_ID", NULL), ++store.serial);
	if (send(store.fd, line, (size_t)size, MSG_NOSIGNAL) == size)
		store.asked = true;
	else if (errno != EAGAIN && errno != ENOTCONN)
		store_lose();
}

static void store_read(void)
{
	char answer[256];
	ssize_t n = recv(store.fd, answer, sizeof answer, 0);

	if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
		return;
	if (n <= 0) {
		store_lose();
		return;
	}
	store.asked = false;
	if (answer[0] == 'o')
		reign->accepted++;
	else
		reign->refused++;
}

static void store_turn(void)
{
	if (!store.address.sin_port)
		return;
	if (store.fd >= 0)
		store_read();
	if (!store.asked && now() >= store.due)
		store_write();
}

static void end_reign(void)
{
	if (!reign)
		return;
	if (store.fd >= 0)
		store_lose();
	reign->last = now();
	reign->over = 1;
	munmap(reign, sizeof *reign);
	reign = NULL;
}

/* --- orders */

static struct sockaddr_un order_address(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.%s.socket", variable("PRIMARY_DIR", NULL),
		 variable("PRIMARY_NAME", NULL), variable("PRIMARY_ID", NULL));
	return address;
}

static int listen_for_orders(void)
{
	struct sockaddr_un address = order_address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 8) < 0)
		die(address.sun_path);
	return fd;
}

static void obey(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char order[64] = "";

	if (fd < 0)
		return;
	if (recv(fd, order, sizeof order - 1, 0) > 0) {
		end_reign();
		if (order[0] == 'p')
			begin_reign(strtoull(order + 1, NULL, 10));
		send(fd, "done", 4, MSG_NOSIGNAL);
	}
	close(fd);
}

static int give_order(const char *verb)
{
	struct sockaddr_un address = order_address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char order[64], answer[8];
	int size = snprintf(order, sizeof order, "%c%s", verb[0],
			    variable("PILOTFISH_ELECTION_EPOCH", "0"));

	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		die(address.sun_path);
	return send(fd, order, (size_t)size, MSG_NOSIGNAL) == size &&
		recv(fd, answer, sizeof answer, 0) == 4 ? 0 : 1;
}

/* --- the workload itself */

static void on_term(int number)
{
	end_requested = number;
}

static void live(int listener)
{
	struct pollfd orders = { .fd = listener, .events = POLLIN };

	while (!end_requested) {
		if (reign) {
			reign->last = now();
			reign->beats++;
			store_turn();
		}
		if (poll(&orders, 1, reign ? BEAT : -1) > 0)
			obey(listener);
	}
	end_reign();
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct sigaction end = { .sa_handler = on_term };

	if (argc > 2 && !strcmp(argv[2], "stubborn"))
		signal(SIGTERM, SIG_IGN);
	else
		sigaction(SIGTERM, &end, NULL);
	if (!strcmp(verb, "promote") || !strcmp(verb, "demote"))
		return give_order(verb);
	store_find();
	if (!strcmp(verb, "reign")) {
		begin_reign(strtoull(variable("PILOTFISH_ELECTION_EPOCH", "0"), NULL, 10));
		live(-1);
	} else if (!strcmp(verb, "replica")) {
		live(listen_for_orders());
	} else {
		fprintf(stderr, "usage: primary reign|replica [stubborn] | promote | demote\n");
		return 64;
	}
	return 0;
}
