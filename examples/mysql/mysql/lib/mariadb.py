"""MariaDB: statements, positions, and the rest of a relay log after a crash."""
import contextlib
import fcntl
import os
import struct
import subprocess

from base import DATA, ENV, LEFT, TIMEOUT, RECEIVED, Refusal, password, read, write


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


def is_primary(host, port):
    """A server at this address that was not restarted since its promotion: each server starts as a replica."""
    return sql("SELECT @@read_only", TIMEOUT, "--skip-column-names", f"--host={host}", f"--port={port}",
               "--user=repl").strip() == "0"


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
    """The complete transactions of a relay log; see "Binary Log Event Format" in MariaDB's manual."""
    gtid_event, xid_event, query_event, standalone = 162, 16, 2, 1
    with open(path, "rb") as file:
        file.seek(4)
        gtid = None
        while len(header := file.read(19)) == 19:
            _, kind, server, size, _, _ = struct.unpack("<IBIIIH", header)
            body = file.read(size - 19)
            if len(body) < size - 19:
                return
            if kind == gtid_event:
                number, domain, flags = struct.unpack("<QIB", body[:13])
                gtid = f"{domain}-{server}-{number}"
            elif gtid and kind == (query_event if flags & standalone else xid_event):
                yield gtid


def note_received():
    """Records the last received position, as MariaDB deletes relay logs when it starts."""
    files = sorted(name for name in os.listdir(DATA) if name.startswith("relay.") and name[6:].isdigit())
    last = None
    for name in files:
        for last in transactions_of(f"{DATA}/{name}"):
            pass
    if last:
        write(RECEIVED, last)


def received_before():
    return read(RECEIVED)


def acknowledged(status):
    """The last position that we may have acknowledged."""
    return max(position(status), received_before(), key=sequence)
