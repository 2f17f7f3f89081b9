#!/usr/bin/env python3
"""logs - a million lines of 100 bytes, as fast as the reader takes them.

A job writes the lines; pilotfish captures them and writes its log into a pipe or to /dev/null.  Two peers copy the same
lines: cat, which adds nothing, and s6-log, which adds the time.  The time counts from the writer's first instruction to
the end of the copying process; the processor time is that of the copying process alone.  No line may be lost.
"""
import os
import resource
import shutil
import subprocess
import sys

from bench import PILOTFISH, Fifo, configuration, end_time, median, ms, row, start, tool

LINES = int(os.environ.get("LINES_LOGGED", "1000000"))
ROUNDS = 3
fifo = Fifo()


def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def finish(copier, reader, name):
    """(lines a second, nanoseconds of the copier's processor time a line)"""
    count = None
    if reader:
        count = int(reader.stdout.read())
        end_time(reader)
    before = used()
    ended = end_time(copier, 60)
    began, _, writer = map(int, fifo.next())
    if count is not None and count < LINES:
        sys.exit(f"logs: {name}: {LINES - count} lines were lost")
    return LINES / (ended - began) * 1e9, used() - before, writer / 1e6


def outlet(piped):
    if not piped:
        return None, open(os.devnull, "wb")
    reader = start("wc", "-l", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return reader, reader.stdin


def ours(log_format, piped):
    path = configuration(f"""
        logging = {{ format = "{log_format}"; }};
        jobs = ( {{ name = "writer"; exec = [ "{tool('lines')}", "{LINES}", "{fifo.path}" ]; }} );
        """)
    reader, out = outlet(piped)
    child = start(PILOTFISH, "-c", path, stdout=out)
    out.close()
    rate, both, writer = finish(child, reader, f"pilotfish, {log_format}")
    return rate, both - writer


def peer(command, piped):
    reader, out = outlet(piped)
    near, far = os.pipe()
    writer = start(tool("lines"), str(LINES), fifo.path, stdout=far)
    copier = start(*command, stdin=near, stdout=out)
    os.close(near)
    os.close(far)
    out.close()
    rate, mine, _ = finish(copier, reader, command[0])
    end_time(writer)
    return rate, mine


peers = {"cat": ["cat"], "s6-log": ["s6-log", "T", "1"]}
peers = {name: command for name, command in peers.items() if shutil.which(command[0])}
formats = ("text", "json")
results = {}
for _ in range(ROUNDS):
    for piped in (True, False):
        for name, command in peers.items():
            results.setdefault((name, piped), []).append(peer(command, piped))
        for log_format in formats:
            results.setdefault((log_format, piped), []).append(ours(log_format, piped))


def figures(key):
    rates, cpus = zip(*results[key])
    return median(rates), median(cpus) * 1e6 / LINES


for log_format in formats:
    for piped in (True, False):
        rate, cpu = figures((log_format, piped))
        for name in peers:
            other, other_cpu = figures((name, piped))
            row(f"logs: {log_format} into {'a pipe' if piped else '/dev/null'}, lines a second",
                f"{rate / 1e6:.2f} million, {cpu:.0f} ns CPU a line",
                f"{name} {other / 1e6:.2f} million, {other_cpu:.0f} ns", f"x {rate / other:.2f}", "1 million",
                rate >= 1e6)
