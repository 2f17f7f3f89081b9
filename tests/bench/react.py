#!/usr/bin/env python3
"""react - from a change in Consul to the first instruction of the onChange hook.

Two observers see each change: pilotfish with a watch, and a bare blocking query with posix_spawn of the same
program.  The time begins just before the request that makes the change.  An instance is registered, fails, and is
deregistered, beside two others that stay.  Then each observer has a service of its own, so that they do not compete for the
processors; then both follow the last instance of a service.
"""
import os
import sys
import time

from bench import (Consul, Fifo, end, median, ms, percentile, pilotfish, row, start, tool)

ROUNDS = int(os.environ.get("ROUNDS", "200"))
PAUSE = 0.012       # until the next change, when the last change has had all its effects

consul = Consul()


class Race:
    """A watch and its floor, with one service, or with one for each."""

    def __init__(self, watched, asked):
        self.fifo = Fifo(watched + asked)
        self.ours = pilotfish(f"""
            consul = "{consul.address}";
            watches = ( {{ name = "{watched}"; onChange = {{
                exec = [ "{tool('stamp')}", "{self.fifo.path}", "ours" ]; logging = {{ raw = true; }}; }}; }} );
            """, watched)
        self.floor = start(tool("query"), str(consul.port), f"/v1/health/service/{asked}?passing",
                           tool("stamp"), self.fifo.path, "floor")
        self.fifo.quiet(1)

    def change(self, runners, change, *arguments):
        """Milliseconds until the hooks of these runners began."""
        sent = change(*arguments)
        took = {}
        while len(took) < len(runners):
            line = self.fifo.next()
            if line is None:
                sys.exit(f"react: no hook ran after {change.__name__}{arguments}: {took}")
            took.setdefault(line[1], (int(line[0]) - sent) / 1e6)
        self.fifo.quiet(PAUSE)
        return took

    def end(self):
        end(self.floor)
        self.ours.terminate()
        self.ours.wait()


def turn(race, runners, service, results):
    """One life of an instance."""
    name = f"{service}-x"
    results["register"].append(race.change(runners, consul.register, service, name))
    results["fail"].append(race.change(runners, consul.verdict, name, "critical"))
    race.change(runners, consul.verdict, name, "passing")
    results["deregister"].append(race.change(runners, consul.deregister, name))


def play(rounds, others, watched, asked):
    """Makes each change for both at once, or, if they follow different services, for one after the other."""
    for number in range(others):
        for service in {watched, asked}:
            consul.register(service, f"{service}-other{number}")
    race = Race(watched, asked)
    results = {"register": [], "fail": [], "deregister": []}
    for _ in range(rounds):
        if watched == asked:
            turn(race, ("ours", "floor"), watched, results)
        else:
            turn(race, ("ours",), watched, results)
            turn(race, ("floor",), asked, results)
    race.end()
    return results


def report(what, results):
    ours, floor = ([result[runner] for result in results if runner in result] for runner in ("ours", "floor"))
    rank = 99 if len(ours) >= 100 else 90
    middle, end_of_it = median(ours) - median(floor), percentile(ours, rank) - percentile(floor, rank)
    row(f"{what}: median of {len(ours)}", ms(median(ours)), f"floor {ms(median(floor))}",
        f"{middle:+.2f} ms", "<= floor + 1 ms", middle <= 1)
    row(f"{what}: p{rank}", ms(percentile(ours, rank)), f"floor {ms(percentile(floor, rank))}",
        f"{end_of_it:+.2f} ms", "<= floor + 5 ms", end_of_it <= 5)


began = time.monotonic()
for kind, results in play(ROUNDS, 2, "web", "web").items():
    report(f"react: {kind}, first instruction of the hook", results)
for kind, results in play(max(ROUNDS // 4, 1), 2, "ours", "bare").items():
    report(f"react: {kind}, each alone", results)
for kind, results in play(max(ROUNDS // 4, 1), 0, "last", "last").items():
    if kind != "register":
        report(f"react: {kind} of the last instance", results)
print(f"react: {time.monotonic() - began:.0f} s", file=sys.stderr)
