#!/usr/bin/env python3
"""burst - many changes in a second, and a check that fails.

Fifty changes in a second each give the one instance another port, and the hook reports whether its document has
the last port.  First the hook is fast, then it takes 100 ms, so that its present run delays the last change.  Then an
instance fails ten times for 100 ms.

A failing check: an http check fails at an instant unrelated to the interval, and a blocking query sees the
instance leave the passing list.
"""
import http.server
import os
import random
import sys
import threading
import time

from bench import Consul, Fifo, Query, median, ms, now, pilotfish, row, start, tool

CHANGES = 50
ROUNDS = int(os.environ.get("ROUNDS", "4"))
FAILURES = 5 * ROUNDS
INTERVAL = 0.25
FLAPS, FLAP = 10, 0.1

consul = Consul()


def burst(service, first, fifo):
    """Makes fifty changes in a second.  Returns the hook's lines, and the instant of the last change."""
    fifo.quiet(0.05)
    sent = 0
    for number in range(CHANGES):
        due = now() + 10 ** 9 // CHANGES
        sent = consul.register(service, service, first + number)
        time.sleep(max(0, (due - now()) / 1e9))
    return sent, fifo.quiet(0.5)


def measure(service, stay):
    fifo = Fifo(service)
    late, runs = [], []
    first = 1000
    consul.register(service, service, first)
    for number in range(ROUNDS):
        first = 1000 + (number + 1) * CHANGES
        needle = f'\\"port\\":{first + CHANGES - 1}'
        hook = f'"{tool("stamp")}", "{fifo.path}", "run", "{needle}"' + (f', "{stay}"' if stay else "")
        child = pilotfish(f"""
            consul = "{consul.address}";
            watches = ( {{ name = "{service}"; onChange = {{ exec = [ {hook} ]; }}; }} );
            """, service)
        fifo.next()
        sent, lines = burst(service, first, fifo)
        child.terminate()
        child.wait()
        starts = [line for line in lines if line[1] == "run"]
        seen = [int(line[0]) for line in starts if line[2] == "1"]
        if not seen:
            sys.exit(f"burst: no hook saw the last change of {service}")
        ends = [int(line[0]) for line in lines if line[1] == "run.end" and int(line[0]) <= seen[0]]
        late.append((seen[0] - max([sent] + ends)) / 1e6)
        runs.append(len(starts))
    return late, runs


def bursts():
    for service, stay in (("quick", 0), ("slow", 100)):
        late, runs = measure(service, stay)
        after = "the end of the running one" if stay else "the last change"
        row(f"burst: {CHANGES} changes in 1 s, {service} hook: last run after {after}",
            f"{ms(median(late))}, at most {ms(max(late))}", "", "", "<= 5 ms", median(late) <= 5)
        row(f"burst: runs of the {service} hook ({stay} ms)", f"{median(runs):.0f}",
            f"{CHANGES} changes", "", "coalesced" if stay else "",
            median(runs) <= 12 if stay else None)


def flaps():
    fifo = Fifo("flapping")
    for instance in ("stays", "flaps"):
        consul.register("flapping", instance)
    child = pilotfish(f"""
        consul = "{consul.address}";
        watches = ( {{ name = "flapping"; onChange = {{
            exec = [ "{tool('stamp')}", "{fifo.path}", "run" ]; }}; }} );
        """, "flapping")
    fifo.next()
    seen = 0
    for _ in range(FLAPS):
        fifo.quiet(FLAP)
        consul.verdict("flaps", "critical")
        gone = fifo.next(FLAP)
        time.sleep(FLAP)
        fifo.quiet(0)
        consul.verdict("flaps", "passing")
        seen += gone is not None and fifo.next(FLAP) is not None
    child.terminate()
    child.wait()
    row(f"burst: failures of {FLAP * 1000:.0f} ms that were seen to come and go", f"{seen} of {FLAPS}",
        "ContainerPilot 3.8: 2 of 10", "", "all", seen == FLAPS)


class Check(http.server.BaseHTTPRequestHandler):
    """A workload with a health that we set; it records when it first answered a check with a failure."""
    well, asked = True, 0
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        if not Check.well and not Check.asked:
            Check.asked = now()
        self.send_response(200 if Check.well else 500)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def failures():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Check)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    query = Query(consul, "/v1/health/service/app?passing")
    child = pilotfish(f"""
        consul = "{consul.address}";
        jobs = ( {{ name = "app"; port = 8080; interfaces = "static:127.0.0.1"; exec = "sleep 1000";
            health = {{ http = "http://127.0.0.1:{server.server_port}/";
                interval = "{INTERVAL * 1000:.0f}ms"; }}; }} );
        """)
    query.next()
    left, told, floor = [], [], []
    consul.register("bare", "bare")
    bare = Query(consul, "/v1/health/service/bare?passing")
    for _ in range(FAILURES):
        time.sleep(INTERVAL * (1 + random.random()))
        query.fifo.quiet(0)
        Check.asked, Check.well, sent = 0, False, now()
        gone = query.next()
        left.append((gone - sent) / 1e6)
        told.append((gone - Check.asked) / 1e6)
        Check.well = True
        sent = consul.verdict("bare", "critical")
        floor.append((bare.next() - sent) / 1e6)
        consul.verdict("bare", "passing")
        bare.next()
        query.next()
    child.terminate()
    row(f"burst: failing check, interval {INTERVAL * 1000:.0f} ms, to out of the passing list,"
        " at most", ms(max(left)), f"median {ms(median(left))}", f"interval {max(left) - INTERVAL * 1000:+.1f} ms",
        "<= interval + 50 ms", max(left) <= INTERVAL * 1000 + 50)
    row("burst: the bad answer of a check to out of the list", ms(median(told)),
        f"bare request {ms(median(floor))}", f"{median(told) - median(floor):+.2f} ms")


began = time.monotonic()
bursts()
flaps()
failures()
print(f"burst: {time.monotonic() - began:.0f} s", file=sys.stderr)
