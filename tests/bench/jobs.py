#!/usr/bin/env python3
"""jobs - a thousand jobs in one configuration: the time until all run, the time until all have stopped, and the memory.

The floor spawns the same program a thousand times in a loop, sends SIGTERM to each, and waits for all.
"""
import os
import sys
import time

from bench import (PILOTFISH, Fifo, Usage, configuration, directory, end_time, median, ms, now, row, start,
                   tool)

JOBS = int(os.environ.get("JOBS", "1000"))
ROUNDS = 3
fifo = Fifo()


def measure(command):
    """Milliseconds until all run, milliseconds until all have ended, the memory in between."""
    with open(os.path.join(directory, "jobs.log"), "ab") as log:
        began = now()
        child = start(*command, stdout=log, stderr=log)
    last = 0
    for number in range(JOBS):
        line = fifo.next()
        if line is None:
            sys.exit(f"jobs: {number} of {JOBS} jobs of {command[0]} run")
        last = max(last, int(line[0]))
    time.sleep(0.2)
    usage = Usage(child.pid)
    sent = now()
    child.terminate()
    return (last - began) / 1e6, (end_time(child, 30) - sent) / 1e6, usage


words = [tool("stamp"), fifo.path, "up", "", "-1"]
job = "exec = [ " + ", ".join(f'"{word}"' for word in words) + " ];"
path = configuration("jobs = (\n" + ",\n".join(
    f'{{ name = "job{number}"; {job} }}' for number in range(JOBS)) + "\n);\n")
ours, floor = [], []
for _ in range(ROUNDS):
    ours.append(measure([PILOTFISH, "-c", path]))
    floor.append(measure([tool("spawn"), str(JOBS)] + words))
for column, what in ((0, "until all run"), (1, "SIGTERM until all are gone")):
    mine, bare = (median([result[column] for result in results]) for results in (ours, floor))
    row(f"jobs: {JOBS} in one configuration, {what}", ms(mine), f"floor {ms(bare)}",
        f"x {mine / bare:.2f}, +{(mine - bare) * 1000 / JOBS:.0f} us a job")
usage = ours[-1][2]
row(f"jobs: RSS / private dirty with {JOBS}", f"{usage.rss / 1024:.1f} / {usage.dirty / 1024:.1f} MB", "",
    f"{usage.dirty / JOBS:.1f} KB a job")
