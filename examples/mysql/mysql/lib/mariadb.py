"""MariaDB: statements, positions, and the relay log that a crash has left."""
import contextlib
import fcntl
import os
import struct
import subprocess

from base import DATA, ENV, LEFT, RECEIVED, TIMEOUT, Refusal, forget, password, read, write


def sql(text, timeout=TIMEOUT, *options):
    """The client's output: a line a row, tabs between columns."""
    options = options or ("--skip-column-names",)
    try:
        result = subprocess.run(["mariadb", "--batch", "--connect-timeout=2", *options], input=text,
                                capture_output=True, text=True, timeout=timeout,
                                env=dict(ENV, MYSQL_PWD=password("REPLICATION_PASSWORD")))
    except subprocess.TimeoutExpired:
        raise Refusal(f"MariaDB does not answer within {timeout} s to: {text[:60]}") from None
    if result.returncode:
        raise Refusal(result.stderr.strip())
    return result.stdout


def expect_primary(leader, host, port):
    """The leader's server, not restarted since its promotion: each starts as a replica, and may find its address taken."""
    found = sql("SELECT @@report_host, @@read_only", TIMEOUT, "--skip-column-names", f"--host={host}",
                f"--port={port}", "--user=repl").split()
    if found != [leader["id"], "0"]:
        raise Refusal(f"{leader['id']} is no primary any more, we wait for the next")


def fields(text, timeout=TIMEOUT):
    """All columns of the statements' rows, by name."""
    lines = (line.strip().partition(": ") for line in sql(text, timeout, "--vertical").splitlines())
    return {name.rstrip(":"): value for name, _, value in lines}


def state(first="", timeout=TIMEOUT):
    """Our state after these statements.  A node that was never a replica has no Slave_... columns."""
    return fields(f"""{first} SELECT @@read_only AS read_only, @@rpl_semi_sync_master_enabled AS synchronous,
                  @@gtid_binlog_pos AS written, @@gtid_slave_pos AS applied; SHOW SLAVE STATUS""", timeout)


def sequence(position):
    """The number of the last transaction of a position such as 0-17-4711."""
    return max((int(gtid.split("-")[2]) for gtid in position.split(",") if gtid), default=0)


def position(status):
    """The last position that this node has, be it only in the relay log."""
    return max(status["written"], status["applied"], status.get("Gtid_IO_Pos", ""), key=sequence)


def apply_received(status, seconds):
    """Applies all of the relay log to the tables."""
    received = position(status)
    if sequence(received) > sequence(max(status["written"], status["applied"], key=sequence)) and \
       sql(f"START SLAVE SQL_THREAD; SELECT MASTER_GTID_WAIT('{received}', {seconds})", TIMEOUT + seconds).strip() != "0":
        raise Refusal(f"could not apply everything up to {received} within {seconds} s")


@contextlib.contextmanager
def one_at_a_time():
    """Hooks that change our role exclude each other."""
    with open("/run/mysqld/role", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(LEFT):
            raise Refusal("this node is ending")
        yield


def transactions_of(path):
    """(position, offset) of the complete transactions of a relay log; see MariaDB's "Binary Log Event Format".

    After a loss of power a file may end in zeros or in anything else: what is no event ends the log.
    """
    gtid_event, xid_event, query_event, standalone = 162, 16, 2, 1
    with open(path, "rb") as file:
        file.seek(4)
        gtid = None
        while len(header := file.read(19)) == 19:
            _, kind, server, size, _, _ = struct.unpack("<IBIIIH", header)
            body = file.read(max(size - 19, 0))
            if size < 19 or len(body) < size - 19 or kind == gtid_event and len(body) < 13:
                return
            if kind == gtid_event:
                number, domain, flags = struct.unpack("<QIB", body[:13])
                gtid = f"{domain}-{server}-{number}"
                offset = file.tell() - size
            elif gtid and kind == (query_event if flags & standalone else xid_event):
                yield gtid, offset


def transactions():
    """(position, file, offset) of all complete transactions in the relay logs."""
    for name in sorted(name for name in os.listdir(DATA) if name.startswith("relay.") and name[6:].isdigit()):
        for gtid, offset in transactions_of(f"{DATA}/{name}"):
            yield gtid, name, offset


def note_received():
    """Records the last received position: the server does not know it after its start."""
    last = max((gtid for gtid, _, _ in transactions()), key=sequence, default=None)
    if last:
        write(RECEIVED, last)


def restore_received(seconds):
    """Applies the relay logs of before a crash, which START SLAVE would delete as it can ask a primary again."""
    wanted = read(RECEIVED)
    has = position(state())
    if sequence(wanted) > sequence(has):
        gtid, name, offset = next((entry for entry in transactions() if sequence(entry[0]) > sequence(has)),
                                  (wanted, None, None))
        if sequence(gtid) != sequence(has) + 1:
            raise Refusal(f"the relay logs have nothing between {has} and {gtid}")
        # Threads that work in parallel need the primary's log, whose name is not known here: MariaDB crashes.
        sql(f"""STOP SLAVE; SET @threads=@@slave_parallel_threads; SET GLOBAL slave_parallel_threads=0;
                CHANGE MASTER TO MASTER_USE_GTID=no, RELAY_LOG_FILE='{name}', RELAY_LOG_POS={offset};
                START SLAVE SQL_THREAD; SELECT MASTER_GTID_WAIT('{wanted}', {seconds}); STOP SLAVE;
                SET GLOBAL slave_parallel_threads=@threads""", TIMEOUT + seconds)
        has = position(state())
    if sequence(wanted) > sequence(has):
        raise Refusal(f"received before a crash: {wanted}, applied so far: {has}")
    forget(RECEIVED)


def acknowledged(status):
    """The last position that we may have acknowledged."""
    return max(position(status), read(RECEIVED), key=sequence)
