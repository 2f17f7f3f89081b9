"""Paths, names and small functions of all modules."""
import contextlib
import os
import socket
import subprocess

HOME = "/var/lib/mysql"
DATA = f"{HOME}/data"
STORE = "/snapshots"
# Files that are flags; some have contents.
ALONE = f"{HOME}/alone"         # our commits may be on no other node; the epoch since when
RESEED = f"{HOME}/reseed"       # a snapshot must replace this database
RECEIVED = f"{HOME}/received"   # the last position acknowledged before a crash that lost the relay log
LEFT = "/run/mysqld/left"       # this node is ending
BEGUN = f"{STORE}/begun"        # there was a primary before

ENV = os.environ
ID = ENV.get("PILOTFISH_ELECTION_ID") or socket.gethostname()
TIMEOUT = 4                     # seconds for operations that usually take milliseconds


class Refusal(Exception):
    """A verb refuses to act, now or at all; the text says why."""


def say(text):
    print(text, flush=True)


def forget(path):
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def secret(name, default=""):
    if name + "_FILE" in ENV:
        with open(ENV[name + "_FILE"]) as file:
            return file.read().strip()
    return ENV.get(name, default)


def write(path, text=""):
    with open(path, "w") as file:
        file.write(str(text))


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def run(argv, text=None):
    """Runs a program; a failure raises Refusal with its stderr."""
    result = subprocess.run(argv, input=text, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if result.returncode:
        raise Refusal(f"{argv[0]}: {result.stderr.strip()[-1000:]}")
