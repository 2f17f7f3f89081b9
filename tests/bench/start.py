#!/usr/bin/env python3
"""start - from the exec of pilotfish to the first instruction of its workload.

Measured bare, with a configuration, and with a configuration that registers in Consul, in turn with tini,
dumb-init, s6 and no init, over the same program.  s6-svscan starts s6-supervise, which starts the program.
"""
import os
import shutil
import sys
import time

from bench import (PILOTFISH, Consul, Fifo, configuration, directory, end_time, is_release, median, ms,
                   percentile, row, start, tool)

ROUNDS = int(os.environ.get("ROUNDS", "60"))

fifo = Fifo()
WORKLOAD = [tool("stamp"), fifo.path, "up", "", "-1"]
JOB = 'jobs = ( {{ name = "web"; exec = [ {exec} ]; {more} }} );\n'


def s6_folder():
    """One service.  Its program's second argument is the script's own name, which serves as the tag."""
    service = os.path.join(directory, "s6", "web")
    os.makedirs(service)
    run = os.path.join(service, "run")
    with open(run, "w", encoding="ascii") as file:
        file.write(f"#!{tool('stamp')} {fifo.path}\n")
    os.chmod(run, 0o755)
    return os.path.dirname(service)


def commands(consul):
    words = ", ".join(f'"{word}"' for word in WORKLOAD)
    plain = configuration(JOB.format(exec=words, more=""), "plain")
    registered = configuration(f'consul = "{consul.address}";\n' + JOB.format(
        exec=words, more='port = 80; interfaces = "static:127.0.0.1";'), "registered")
    yield "none", WORKLOAD
    yield "pilotfish bare", [PILOTFISH, "--", *WORKLOAD]
    yield "pilotfish with a configuration", [PILOTFISH, "-c", plain]
    yield "pilotfish with Consul", [PILOTFISH, "-c", registered]
    if shutil.which("tini"):
        yield "tini", ["tini", "-s", "--", *WORKLOAD]
    if shutil.which("dumb-init"):
        yield "dumb-init", ["dumb-init", *WORKLOAD]
    if shutil.which("s6-svscan"):
        yield "s6", ["s6-svscan", s6_folder()]


def measure(command):
    """Milliseconds from the exec to the first instruction of the workload."""
    with open(os.path.join(directory, "start.log"), "ab") as log:
        child = start(tool("exec"), fifo.path, *command, stdout=log, stderr=log)
    lines = [fifo.next(), fifo.next()]
    if None in lines:
        sys.exit(f"start: nothing came of {command}")
    at = {"exec" if line[1] == "exec" else "up": int(line[0]) for line in lines}
    child.terminate()       # not killed: s6-svscan would leave its s6-supervise behind
    end_time(child)
    fifo.quiet(0.002)
    return (at["up"] - at["exec"]) / 1e6


began = time.monotonic()
variants = dict(commands(Consul()))
took = {name: [] for name in variants}
for _ in range(ROUNDS):
    for name, command in variants.items():
        took[name].append(measure(command))
peers = [name for name in took if not name.startswith("pilotfish")]
for name in (name for name in took if name.startswith("pilotfish")):
    ours = median(took[name])
    for peer in peers:
        theirs = median(took[peer])
        aimed = peer == "tini"
        aim, met = "<= tini + 5 ms (shared libraries)", ours <= theirs + 5
        if is_release():
            aim, met = "<= 1.5 x tini (release build)", ours <= 1.5 * theirs
        row(f"start: exec to workload, {name}", f"{ms(ours)}, p90 {ms(percentile(took[name], 90))}",
            f"{peer} {ms(theirs)}", f"{ours - theirs:+.2f} ms, {ours / theirs:.1f} x",
            aim if aimed else "", met if aimed else None)
print(f"start: {time.monotonic() - began:.0f} s", file=sys.stderr)
