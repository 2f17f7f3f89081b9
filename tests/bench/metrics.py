#!/usr/bin/env python3
"""metrics - the cost of /metrics with a thousand jobs, each with a health check, and a thousand watches.

The time is from the request to the last byte of the answer, over one kept connection.  While pilotfish makes the answer
it does nothing else, so the aim is that of every turn of its loop.  The processor time is pilotfish's own.
"""
import http.client
import os
import subprocess
import sys
import time

from bench import ROOT, Consul, Usage, median, ms, now, percentile, pilotfish, row

COUNT = int(os.environ.get("SERVICES", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "50"))
LIMIT = 100         # ms that a turn of the loop may take


def free_port():
    return int(subprocess.check_output([os.path.join(ROOT, "tests/system/helpers/free-ports"), "1"], text=True))


class Port:
    """The telemetry port, over one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path):
        self.connection.request("GET", path)
        return self.connection.getresponse().read()


def configuration(consul, port):
    jobs = ",\n".join(f'{{ name = "job{i:04d}"; exec = "sleep 10000"; '
                      'health = { exec = "true"; interval = "1h"; timeout = "1m"; }; }' for i in range(COUNT))
    watches = ",\n".join(f'{{ name = "service{i:04d}"; }}' for i in range(COUNT))
    return (f'consul = "{consul.address}"; telemetry = {{ port = {port}; address = "127.0.0.1"; }};\n'
            f"jobs = ( {jobs} );\nwatches = ( {watches} );")


def await_all(port):
    """Until all jobs are healthy and all watches have had an answer."""
    end_at = time.monotonic() + 300
    while time.monotonic() < end_at:
        try:
            text = port.get("/metrics").decode()
        except OSError:
            port.connection.close()
            text = ""
        healthy = sum(line.startswith("pilotfish_job_healthy{") and line.endswith(" 1") for line in text.splitlines())
        if healthy == COUNT and text.count("\npilotfish_watch_last_contact_seconds{") == COUNT:
            return
        time.sleep(0.5)
    sys.exit("metrics: not all jobs are healthy, or not all watches have had an answer")


def measure(port, pid, path):
    """(the size, the times, the processor time for each in ms)"""
    times = []
    before = Usage(pid)
    for _ in range(ROUNDS):
        began = now()
        size = len(port.get(path))
        times.append((now() - began) / 1e6)
    return size, times, (Usage(pid).cpu - before.cpu) / ROUNDS


def main():
    number = free_port()
    child = pilotfish(configuration(Consul(), number), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port = Port(number)
    await_all(port)
    for path in ("/metrics", "/status"):
        size, times, cpu = measure(port, child.pid, path)
        row(f"{path} of {COUNT} jobs and {COUNT} watches, {size / 1e6:.2f} MB: median", ms(median(times)), "",
            f"processor: {ms(cpu)}", f"< {LIMIT} ms", median(times) < LIMIT)
        row(f"{path} of {COUNT} jobs and {COUNT} watches: p99", ms(percentile(times, 99)))


main()
