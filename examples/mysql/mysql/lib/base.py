"""What the other modules share: places, names, small things."""
import contextlib
import os
import socket
import subprocess

HOME = "/var/lib/mysql"
DATA = f"{HOME}/data"
STORE = "/snapshots"
# Files that say something by being there.
ALONE = f"{HOME}/alone"         # what we have committed need not be anywhere else; since which epoch
RESEED = f"{HOME}/reseed"       # this database is to be replaced by a snapshot
RECEIVED = f"{HOME}/received"   # up to where we had acknowledged before a crash took what was not applied yet
LEFT = "/run/mysqld/left"       # this node is about to end
BEGUN = f"{STORE}/begun"        # there has been a primary once

ENV = os.environ
ID = ENV.get("PILOTFISH_ELECTION_ID") or socket.gethostname()
PATIENCE = 4                    # seconds for what is usually a matter of milliseconds


class Refusal(Exception):
    """Not to be done, or not to be done now; its text says why."""


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
    """A program that is quiet if all is well."""
    result = subprocess.run(argv, input=text, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if result.returncode:
        raise Refusal(f"{argv[0]}: {result.stderr.strip()[-1000:]}")
