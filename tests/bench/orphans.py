#!/usr/bin/env python3
"""orphans - 10,000 orphans as fast as they can be made: the maximum of zombies, and the time.

Each init is PID 1 of a PID namespace.  The driver samples the number of its zombies; children of the
program that makes the orphans do not count.  Bare, and with a configuration.
"""
import os
import shutil
import sys
import time

from bench import PILOTFISH, Fifo, configuration, end, ms, now, row, start, tool

ORPHANS = int(os.environ.get("ORPHANS", "10000"))
NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
FEW = 100           # of 10,000: other programs use a processor meanwhile

fifo = Fifo()
WORKLOAD = [tool("orphan"), str(ORPHANS), fifo.path]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def init_of(unshare):
    while not (pids := children(unshare)):
        time.sleep(0.001)
    return pids[0]


def measure(command):
    """(milliseconds, zombies at most, zombies in the end)"""
    began = now()
    child = start(*NAMESPACE, *command)
    init = init_of(child.pid)
    most, line = 0, None
    while line is None and now() - began < 120e9:
        most = max(most, sum(map(is_zombie, children(init))))
        line = fifo.next(0.001)
    if line is None:
        sys.exit(f"orphans: {command[0]} is not done")
    time.sleep(0.05)        # time to reap the last orphans
    left = sum(map(is_zombie, children(init)))
    end(child)
    return (int(line[0]) - began) / 1e6, most, left


began = time.monotonic()
words = ", ".join(f'"{word}"' for word in WORKLOAD)
path = configuration(f'jobs = ( {{ name = "maker"; exec = [ {words} ]; }} );\n')
peer = measure(["tini", "--", *WORKLOAD]) if shutil.which("tini") else None
for name, command in (("bare", [PILOTFISH, "--", *WORKLOAD]), ("with a configuration", [PILOTFISH, "-c", path])):
    took, most, left = measure(command)
    row(f"orphans: {ORPHANS} of them, {name}", f"{ms(took)}, {most} zombies at most, {left} in the end",
        f"tini {ms(peer[0])}, {peer[1]} at most" if peer else "", f"{took / peer[0]:.2f} x" if peer else "",
        f"<= {FEW} at most, 0 in the end", most <= FEW and left == 0)
print(f"orphans: {time.monotonic() - began:.0f} s", file=sys.stderr)
