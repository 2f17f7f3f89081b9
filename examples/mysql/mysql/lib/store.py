"""The store of snapshots, and the creation of a database.  A snapshot is a database ready to start."""
import os
import shutil
import time

import consul
from base import DATA, ENV, HOME, ID, LAST, LED, LOST, RECEIVED, RESEED, STORE, Refusal, forget, password, run, say, write

KEPT = 3                        # snapshots
INTERVAL = 300                  # seconds
OLD = 1200                      # seconds; the primary may not have the transactions after an older one any more


def snapshots():
    return sorted(name for name in os.listdir(STORE) if name.endswith(".tar.gz"))


def newest():
    return (snapshots() or [None])[-1]


def age():
    """Of the newest snapshot, in seconds."""
    name = newest()
    return time.time() - os.stat(f"{STORE}/{name}").st_mtime if name else float("inf")


def is_due():
    return age() > INTERVAL or consul.get("snapshot-wanted")


def store(folder):
    """Stores a stopped database as a snapshot.  Under a lock: parts of others are left from nodes that were killed."""
    name = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime()) + ".tar.gz"
    part = f"{STORE}/.{ID}"
    for left in os.listdir(STORE):
        if left.startswith("."):
            forget(f"{STORE}/{left}")
    run(["tar", "-C", folder, "-I", "gzip -1", "-cf", part, "."])
    os.rename(part, f"{STORE}/{name}")
    for old in snapshots()[:-KEPT]:
        os.remove(f"{STORE}/{old}")
    return name


def restore(name):
    new = f"{HOME}/new"
    shutil.rmtree(new, ignore_errors=True)
    os.mkdir(new, 0o700)
    run(["tar", "-C", new, "-xzf", f"{STORE}/{name}"])
    forget(LAST)
    forget(LED)
    shutil.rmtree(DATA, ignore_errors=True)
    os.rename(new, DATA)
    say(f"restored {name}")


def run_offline(folder, text):
    """Runs statements on a stopped database."""
    run(["mariadbd", "--bootstrap", f"--datadir={folder}", "--skip-log-bin", "--read-only=0"], text)


def initialise():
    folder = f"{HOME}/new"
    shutil.rmtree(folder, ignore_errors=True)
    run(["mariadb-install-db", f"--datadir={folder}", "--skip-log-bin", "--skip-test-db",
         "--auth-root-authentication-method=socket", "--auth-root-socket-user=mysql"])
    user, database = ENV.get("MYSQL_USER", "app"), ENV.get("MYSQL_DATABASE", "app")
    run_offline(folder, f"""FLUSH PRIVILEGES;
CREATE USER repl@'%' IDENTIFIED BY '{password("REPLICATION_PASSWORD")}';
GRANT REPLICATION SLAVE ON *.* TO repl@'%';
CREATE DATABASE {database};
CREATE USER {user}@'%' IDENTIFIED BY '{password("MYSQL_PASSWORD")}';
GRANT ALL ON {database}.* TO {user}@'%';
CREATE DATABASE pilotfish;
CREATE TABLE pilotfish.epochs (epoch BIGINT PRIMARY KEY, id VARCHAR(255), seen TIMESTAMP(3));
""")
    say(f"initialised as {store(folder)}")
    shutil.rmtree(folder)


def begin():
    """All databases are copies of one: one node creates it, the others wait for its snapshot."""
    record = consul.get(f"nodes/{ID}") or {}
    if record.get("state") in ("follows", "stopped", "left"):
        write(LOST, "its volume is gone")
    while not snapshots() and not consul.get("primary"):
        with consul.lock("bootstrap") as ours:
            if ours and not snapshots():
                initialise()
        time.sleep(0.2)
    restore(await_snapshot(time.time() - OLD, 30))


def begin_anew():
    """With an older snapshot this node would diverge again."""
    restore(await_snapshot(os.stat(RESEED).st_mtime, float("inf")))
    for path in RESEED, RECEIVED, LOST:
        forget(path)


def await_snapshot(since, seconds):
    """The newest snapshot, when one has been made since then; after `seconds` an older one, too."""
    began = time.monotonic()
    said = None
    while time.time() - age() < since and not (newest() and time.monotonic() - began > seconds):
        consul.put("snapshot-wanted", {"by": ID})
        if not said or time.monotonic() - said > 60:
            said = time.monotonic()
            say(f"waiting for a new snapshot, the newest is {newest() or 'not made yet'}")
        time.sleep(0.5)
    return newest()


def snapshot():
    """Stores a snapshot of our running database."""
    with consul.lock("snapshot") as ours:
        if not ours:
            raise Refusal("another node makes a snapshot, or was killed less than 20 s ago while it did")
        folder = f"{HOME}/copy"
        shutil.rmtree(folder, ignore_errors=True)
        for action in ("--backup", "--prepare"):
            run(["mariabackup", action, f"--target-dir={folder}"])
        with open(f"{folder}/xtrabackup_binlog_info") as file:
            place = file.read().split()[2]
        rows = ", ".join(f"({domain}, 1, {server}, {number})" for domain, server, number in
                         (gtid.split("-") for gtid in place.split(",")))
        run_offline(folder, f"DELETE FROM mysql.gtid_slave_pos;\n"
                            f"INSERT INTO mysql.gtid_slave_pos VALUES {rows};\n")
        say(f"snapshot {store(folder)} at {place}")
        consul.delete("snapshot-wanted")
        shutil.rmtree(folder)
