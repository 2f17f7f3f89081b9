#!/usr/bin/env python3
"""stop - from SIGTERM to the exit, and to the end of the registration.

The bare init takes turns with tini, dumb-init, and no init, over the same program.  A blocking query for passing
instances sees the catalogue; the floor is one request of ours that deregisters an instance.
"""
import os
import shutil
import sys
import time

from bench import (PILOTFISH, Consul, Fifo, Query, end_time, median, ms, now, percentile,
                   pilotfish, row, start, tool)

ROUNDS = int(os.environ.get("ROUNDS", "40"))
SETTLE = 0.005

fifo = Fifo()
WORKLOAD = [tool("stamp"), fifo.path, "up", "", "-1"]


def stop(child):
    time.sleep(SETTLE)
    sent = now()
    child.terminate()
    return sent


def bare():
    inits = {"pilotfish": [PILOTFISH, "--"], "tini": ["tini", "-s", "--"],
             "dumb-init": ["dumb-init"], "none": []}
    inits = {name: init for name, init in inits.items() if not init or shutil.which(init[0])}
    took = {name: [] for name in inits}
    for _ in range(ROUNDS):
        for name, init in inits.items():
            child = start(*init, *WORKLOAD)
            fifo.next()
            sent = stop(child)
            took[name].append((end_time(child) - sent) / 1e6)
    ours = median(took.pop("pilotfish"))
    for name, values in took.items():
        extra = ours - median(values)
        row("stop: SIGTERM to exit, bare", ms(ours), f"{name} {ms(median(values))}",
            f"{extra:+.2f} ms", "<= tini + 1 ms" if name == "tini" else "",
            extra <= 1 if name == "tini" else None)


CONFIG = """
consul = "{address}";
jobs = ( {{ name = "web"; port = 8080; interfaces = "static:127.0.0.1"; exec = [ {exec} ]; }} );
"""


def catalogue():
    consul = Consul()
    query = Query(consul, "/v1/health/service/web?passing")
    text = CONFIG.format(address=consul.address, exec=", ".join(f'"{word}"' for word in WORKLOAD))
    gone, ended, floor = [], [], []
    for _ in range(ROUNDS):
        child = pilotfish(text)
        fifo.next()
        query.next()
        query.fifo.quiet(0.02)
        sent = stop(child)
        ended.append((end_time(child) - sent) / 1e6)
        gone.append((query.next() - sent) / 1e6)

        consul.register("web", "web-bare")
        query.next()
        query.fifo.quiet(0.02)
        sent = consul.deregister("web-bare")
        floor.append((query.next() - sent) / 1e6)
    extra = median(gone) - median(floor)
    row("stop: SIGTERM to gone from the catalogue", ms(median(gone)), f"bare request {ms(median(floor))}",
        f"{extra:+.2f} ms", "<= floor + 2 ms", extra <= 2)
    row("stop: the same, p99", ms(percentile(gone, 99)), f"bare request {ms(percentile(floor, 99))}",
        f"{percentile(gone, 99) - percentile(floor, 99):+.2f} ms")
    row("stop: SIGTERM to exit, with Consul and drain 0", ms(median(ended)),
        f"bare request {ms(median(floor))}", f"p99 {ms(percentile(ended, 99))}")


began = time.monotonic()
bare()
catalogue()
print(f"stop: {time.monotonic() - began:.0f} s", file=sys.stderr)
