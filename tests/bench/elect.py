#!/usr/bin/env python3
"""elect - the time until another candidate leads, and the costs of a candidate.

Two candidates whose onElected is `stamp`.  The time begins with SIGTERM, with the lock's release as our own blocking
query sees it, or with the exit of the killed process; it ends with the first instruction of the next onElected.  A proxy
before each of two idle candidates counts their requests; for many candidates Consul reports requests to our statsd.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import bench
from bench import Consul, Fifo, Proxy, await_that, end, median, ms, now, percentile, pilotfish, row, start, tool

ROUNDS = int(os.environ.get("ROUNDS", "20"))
CRASHES = int(os.environ.get("CRASHES", "3"))
CANDIDATES = int(os.environ.get("CANDIDATES", "100"))
SECONDS = int(os.environ.get("SECONDS_IDLE", "20"))
LIMIT = 30          # seconds for an election
REST = 2.2          # a former leader lets other candidates go first for 2 s
STAMP = tool("stamp")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PROFILES = {"default": "", "fast": 'profile = "fast";', "safe": 'profile = "safe";'}

CONFIG = """
consul = "{address}";
logging = {{ level = "warn"; }};
jobs = ( {{ name = "db"; exec = "sleep 1000"; restarts = "unlimited"; backoff = {{ min = "200ms"; max = "200ms"; }}; }} );
elections = ( {{ name = "db"; job = "db"; id = "{name}"; key = "{key}"; {keys}
                onElected = [ "{stamp}", "{fifo}", "{name}" ]; onDeposed = "true"; }} );
"""


class Lock(threading.Thread):
    """Sees each change of a lock: released_after() is the instant of its release."""

    def __init__(self, consul, key):
        super().__init__(daemon=True)
        self.url = f"http://{consul.address}/v1/kv/{key}?wait=30s&index="
        self.seen = []
        self.start()

    def run(self):
        index, holder = 0, None
        while True:
            try:
                with opener.open(self.url + str(index), timeout=40) as answer:
                    index, entry = answer.headers["X-Consul-Index"], json.load(answer)[0]
            except (OSError, ValueError):
                index = 0
                time.sleep(0.1)
                continue
            if holder and not entry.get("Session"):
                self.seen.append(now())
            holder = entry.get("Session")

    def released_after(self, instant):
        await_that(lambda: any(at > instant for at in self.seen))
        return next(at for at in self.seen if at > instant)


class Party:
    """Candidates for one lock."""

    def __init__(self, consul, name, keys=""):
        self.consul, self.name, self.keys = consul, name, keys
        self.key = f"service/{name}/leader"
        self.fifo = Fifo(name)
        self.children = {}

    def join(self, name, address=None, contained=False):
        text = CONFIG.format(address=address or self.consul.address, stamp=STAMP, fifo=self.fifo.path,
                             name=name, keys=self.keys, key=self.key)
        if contained:
            path = bench.configuration(text, self.name + name)
            child = start("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", bench.PILOTFISH, "-c", path,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            child = pilotfish(text, self.name + name)
        self.children[name] = child

    def sessions(self):
        with opener.open(f"http://{self.consul.address}/v1/session/list", timeout=10) as answer:
            return len(json.load(answer))

    def complete(self):
        """All are candidates, and each knows the leader."""
        await_that(lambda: self.sessions() >= len(self.children), 60)
        time.sleep(0.3)

    def elected(self):
        """(instant, candidate) of the next onElected."""
        line = self.fifo.next(LIMIT)
        if line is None:
            sys.exit(f"elect: nobody was elected within {LIMIT} s")
        return int(line[0]), line[1]

    def leave(self):
        self.complete()             # PID 1 loses signals before it handles them
        for child in self.children.values():
            inner = inner_pid(child.pid) if "unshare" in child.args else child.pid
            os.kill(inner, signal.SIGTERM)
        for child in self.children.values():
            bench.end_time(child)


def inner_pid(pid):
    """The pid of the program that `pid` has started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def exit_of(pid):
    """Kills it; returns the instant of its end."""
    ticket = os.pidfd_open(pid)
    os.kill(pid, 9)
    bench.select.select([ticket], [], [], bench.LIMIT)
    os.close(ticket)
    return now()


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def report(what, values, aim):
    row(what, ms(median(values)), "", f"p90 {ms(percentile(values, 90))}, at most {ms(max(values))}; {load()}",
        f"< {aim} ms", median(values) < aim)


def handovers(consul):
    party = Party(consul, "handover")
    lock = Lock(consul, party.key)
    for name in "ab":
        party.join(name)
    leader = party.elected()[1]
    from_release, from_signal = [], []
    for _ in range(ROUNDS):
        party.complete()
        old = party.children.pop(leader)
        sent = now()
        old.terminate()
        at, successor = party.elected()
        bench.end_time(old)
        from_release.append((at - lock.released_after(sent)) / 1e6)
        from_signal.append((at - sent) / 1e6)
        party.join(leader)
        leader = successor
    report("elect, planned handover: release to next onElected", from_release, 50)
    row("elect, planned handover: SIGTERM to next onElected", ms(median(from_signal)), "",
        f"p90 {ms(percentile(from_signal, 90))}, at most {ms(max(from_signal))}")
    party.leave()


def deaths(consul):
    party = Party(consul, "death")
    for name in "ab":
        party.join(name)
    leader, took, same = party.elected()[1], [], 0
    for _ in range(ROUNDS):
        party.complete()
        time.sleep(REST)
        gone = exit_of(inner_pid(party.children[leader].pid))
        at, successor = party.elected()
        took.append((at - gone) / 1e6)
        same += successor == leader
        leader = successor
    report("elect, workload killed: exit to next onElected", took, 100)
    if same:
        print(f"elect: {same} of {ROUNDS} times the one whose workload was killed was elected again")
    party.leave()


def crashes(consul):
    party = Party(consul, "crash", PROFILES["fast"])
    for name in "ab":
        party.join(name, contained=True)
    leader, took = party.elected()[1], []
    for _ in range(CRASHES):
        party.complete()
        old = party.children.pop(leader)
        gone = exit_of(inner_pid(old.pid))
        at, successor = party.elected()
        took.append((at - gone) / 1e6)
        end(old)
        party.join(leader, contained=True)
        leader = successor
    report("elect, container killed, fast profile: to next onElected", took, 8000)
    party.leave()


def idling(consul):
    for profile, keys in PROFILES.items():
        party = Party(consul, "idle-" + profile, keys)
        proxies = {}
        for name in ("leader", "follower"):
            proxies[name] = Proxy(consul)
            party.join(name, proxies[name].address)
            if name == "leader":
                party.elected()
        party.complete()
        time.sleep(2)
        before = {name: proxy.requests for name, proxy in proxies.items()}
        time.sleep(SECONDS)
        rates = {name: (proxy.requests - before[name]) / SECONDS for name, proxy in proxies.items()}
        row(f"elect, nothing happens, {profile} profile: requests a second",
            f"leader {rates['leader']:.2f}, follower {rates['follower']:.2f}")
        party.leave()


class Statsd(threading.Thread):
    """Counts the HTTP requests that a Consul reports."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.kinds = {}
        self.start()

    def run(self):
        while True:
            for line in self.socket.recv(1 << 16).split(b"\n"):
                if line.startswith(b"consul.http."):
                    kind = line.partition(b":")[0].decode()[len("consul.http."):]
                    self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def count(self):
        return sum(self.kinds.values())


def many():
    statsd = Statsd()
    consul = Consul(telemetry={"statsd_address": statsd.address, "disable_hostname": True})
    party = Party(consul, "many")
    began = now()
    for number in range(CANDIDATES):
        party.join(f"c{number}")
    leader = party.elected()[1]
    party.complete()
    row(f"elect, {CANDIDATES} candidates: from nothing until all are there", ms((now() - began) / 1e6), "", load())
    took, asked, rate = [], [], 0
    for _ in range(5):
        time.sleep(5)
        idle = statsd.count()
        time.sleep(5)
        rate = (statsd.count() - idle) / 5
        before, since = statsd.count(), now()
        gone = exit_of(inner_pid(party.children[leader].pid))
        at, leader = party.elected()
        took.append((at - gone) / 1e6)
        time.sleep(3)
        asked.append(statsd.count() - before - rate * (now() - since) / 1e9)
    row(f"elect, {CANDIDATES} candidates: workload killed, exit to next onElected", ms(median(took)), "",
        f"at most {ms(max(took))}; {load()}")
    row(f"elect, {CANDIDATES} candidates: requests for that", f"{median(asked):.0f}", "",
        f"{median(asked) / CANDIDATES:.1f} a candidate; when idle {rate:.1f} a second in all")
    party.leave()


began = time.monotonic()
agent = Consul()
for measure in (handovers, deaths, crashes, idling):
    measure(agent)
many()
print(f"elect: {time.monotonic() - began:.0f} s, {load()}", file=sys.stderr)
