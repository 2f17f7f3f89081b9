"""The store of snapshots, and the creation of a database.  A snapshot is a database ready to start."""
import os
import shutil
import time

import consul
from base import ALONE, DATA, ENV, HOME, ID, RECEIVED, RESEED, STORE, forget, password, run, say

KEPT = 3                        # snapshots


def snapshots():
    return sorted(name for name in os.listdir(STORE) if name.endswith(".tar.gz"))


def store(folder):
    """Stores a stopped database as a snapshot."""
    name = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime()) + ".tar.gz"
    part = f"{STORE}/.{ID}"
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
    while not snapshots():
        if consul.get("primary"):
            say("there is a primary, but no snapshot in the store: waiting for one")
            consul.put("snapshot-wanted", {"by": ID})
            time.sleep(1)
            continue
        with consul.lock("bootstrap", 60) as ours:
            if ours and not snapshots():
                initialise()
        time.sleep(0.2)
    restore(snapshots()[-1])


def begin_anew():
    """Restores a snapshot made after our decision to restart from one; after a time limit, the newest."""
    until = time.monotonic() + 30
    old = os.stat(RESEED).st_mtime
    while time.monotonic() < until and os.stat(f"{STORE}/{snapshots()[-1]}").st_mtime < old:
        consul.put("snapshot-wanted", {"by": ID})
        time.sleep(0.5)
    restore(snapshots()[-1])
    forget(RESEED)
    forget(RECEIVED)
    forget(ALONE)


def snapshot():
    """Stores a snapshot of our running database."""
    with consul.lock("snapshot", 600) as ours:
        if not ours:
            return
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
        shutil.rmtree(folder)
