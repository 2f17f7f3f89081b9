"""Paths, names and small functions of all modules."""
import contextlib
import os
import secrets
import socket
import subprocess

HOME = "/var/lib/mysql"
DATA = f"{HOME}/data"
STORE = "/snapshots"
# Files that are flags; some have contents.
LAST = f"{HOME}/last"           # the epoch of the primary that this database followed last, or was
LED = f"{HOME}/led"             # in which epoch, and with which ID, this database was the primary last
RESEED = f"{HOME}/reseed"       # a snapshot must replace this database
RECEIVED = f"{HOME}/received"   # the last position in the relay log that a crash has left, until it is applied
BOOT = f"{HOME}/boot"           # the boot of the host at which this database acknowledged last
LOST = f"{HOME}/lost"           # a disk, or a host without power, has lost what we acknowledged; the text says which
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


def refuse(text):
    raise Refusal(text)


def secret(name):
    """The contents of the file NAME_FILE, or the environment's NAME, or nothing."""
    path = ENV.get(name + "_FILE")
    if not path:
        return ENV.get(name, "")
    with open(path) as file:
        return file.read().strip()


def password(name):
    """A secret that must be; the first node that needs the file NAME_FILE makes it."""
    path = ENV.get(name + "_FILE")
    if path and not os.path.exists(path):
        make_secret(path)
    return secret(name) or refuse(f"there is no password: set {name}, or {name}_FILE to the path of a file")


def make_secret(path):
    """Whole from its first moment, as other nodes may read or make it now."""
    part = f"{path}.{ID}"
    with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(24))
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    os.remove(part)


def write(path, text=""):
    """Whole or not at all, even if the host loses power."""
    part = f"{path}.{os.getpid()}"
    try:
        with open(part, "w") as file:
            file.write(str(text))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(part)
        raise
    os.rename(part, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


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
