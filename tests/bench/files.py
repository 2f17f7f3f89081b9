#!/usr/bin/env python3
"""files - a file of ContainerPilot 3 beside the native configuration that `pilotfish import` makes of it.

Measured are the start with 20 jobs, from the exec to the first instruction of the last job, in turn; and the
processor time of `check` for 5,000 and 10,000 jobs.
"""
import json
import os
import resource
import subprocess
import sys

from bench import PILOTFISH, Fifo, directory, end_time, median, ms, percentile, row, start, tool

ROUNDS = int(os.environ.get("ROUNDS", "60"))
JOBS, MANY = 20, 10000

fifo = Fifo()


def job(number):
    waits = {"when": {"source": f"job{number - 1}", "once": "healthy"}} if number % 3 else {}
    return {"name": f"job{number}", "exec": ["sleep", "1000"], "port": 1000 + number, **waits,
            "interfaces": ["lo"], "health": {"exec": "true", "interval": 10, "ttl": 30}}


def containerpilot_file(name, jobs):
    path = os.path.join(directory, f"{name}.json5")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"consul": "127.0.0.1:1", "control": {"socket": os.path.join(directory, f"{name}.sock")},
                   "jobs": jobs}, file, indent=1)
    return path


def imported(path):
    native = path.replace(".json5", ".conf")
    with open(native, "wb") as file:
        subprocess.run([PILOTFISH, "import", path], stdout=file, check=True)
    return native


def measure_start(path):
    """Milliseconds from the exec to the first instruction of the last job."""
    with open(os.path.join(directory, "start.log"), "ab") as log:
        child = start(tool("exec"), fifo.path, PILOTFISH, "-c", path, stdout=log, stderr=log)
    lines = [fifo.next(), fifo.next()]
    if None in lines:
        sys.exit(f"files: nothing came of {path}")
    at = {"exec" if line[1] == "exec" else "up": int(line[0]) for line in lines}
    child.terminate()
    end_time(child)
    fifo.quiet(0.002)
    return (at["up"] - at["exec"]) / 1e6


def measure_check(path):
    """Milliseconds of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([PILOTFISH, "check", "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def start_rows():
    last = {"name": "last", "exec": [tool("stamp"), fifo.path, "up", "", "-1"]}
    theirs = containerpilot_file("start", [job(number) for number in range(JOBS - 1)] + [last])
    took = {path: [] for path in (theirs, imported(theirs))}
    for _ in range(ROUNDS):
        for path, times in took.items():
            times.append(measure_start(path))
    file, native = (median(times) for times in took.values())
    row(f"start with {JOBS} jobs in a file of ContainerPilot 3", f"{ms(file)}, p90 {ms(percentile(took[theirs], 90))}",
        f"native {ms(native)}", f"{file - native:+.2f} ms, x {file / native:.2f}", "<= x 1.1", file <= 1.1 * native)


def check_rows():
    paths = [containerpilot_file(f"many{count}", [job(number) for number in range(count)])
             for count in (MANY // 2, MANY)]
    half, whole = (median([measure_check(path) for _ in range(3)]) for path in paths)
    row(f"check of {MANY} jobs in a file of ContainerPilot 3", ms(whole), f"{MANY // 2} jobs {ms(half)}",
        f"x {whole / half:.2f}", "< 1 s, linear", whole < 1000 and whole < 2.3 * half)


start_rows()
check_rows()
