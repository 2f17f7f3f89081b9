#!/usr/bin/env python3
"""many - a thousand watched services in one process, and the same through one template.

A tenth of the services have no check.  The time begins just before the request that changes Consul, and ends
with pilotfish's event in its log, or with a new file at the template's destination.  The pause between changes is a little
longer than the last change took; "in a row" means without a pause.  Consul counts the requests (/v1/agent/metrics)
that ended in the last ten seconds.
"""
import json
import os
import random
import subprocess
import sys
import time

from bench import PILOTFISH, Consul, Fifo, Usage, configuration, directory, end, median, ms, now, percentile
from bench import pilotfish, row

COUNT = int(os.environ.get("SERVICES", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "50"))
IDLE = int(os.environ.get("SECONDS_IDLE", "60"))
INTERVAL = 10       # seconds of Consul's metrics
LIMIT = 10
FIGURES = "ContainerPilot 3.8, 500: "


def name(number):
    return f"s{number:04d}"


class Events:
    """A watch for each service: its `changed` in the log."""

    what = "watches"

    def __init__(self, consul):
        self.fifo = Fifo("log")
        watches = ",\n".join(f'{{ name = "{name(i)}"; }}' for i in range(COUNT))
        with open(self.fifo.path, "w", encoding="ascii") as log:
            self.began = now()
            self.child = pilotfish(
                f'consul = "{consul.address}"; jobs = ( {{ name = "app"; exec = "sleep 10000"; }} );\n'
                f"watches = ( {watches} );", stdout=log, stderr=log,
                env={**os.environ, "PILOTFISH_LOG_LEVEL": "debug", "PILOTFISH_LOG_FORMAT": "json"})

    def _next(self, limit):
        """The next service that has changed."""
        end_at = time.monotonic() + limit
        while time.monotonic() < end_at:
            line = self.fifo.next(end_at - time.monotonic())
            if line and '"event":"changed"' in line[-1]:
                return line[-1].partition('"source":"watch.')[2].partition('"')[0]
        return None

    def all(self):
        seen = set()
        while len(seen) < COUNT:
            service = self._next(60)
            if service is None:
                sys.exit(f"many: only {len(seen)} of {COUNT} watches had an answer")
            seen.add(service)
            if len(seen) % 100 == 0:
                note_connections(self.child.pid)
        return now()

    def settle(self):
        self.fifo.quiet(1)

    def seen(self, service, limit=LIMIT):
        while (found := self._next(limit)) not in (service, None):
            pass
        return now() if found else None


class File:
    """One template for all services: its destination."""

    what = "one template"

    def __init__(self, consul):
        self.path = os.path.join(directory, "all.txt")
        source = os.path.join(directory, "all.ctmpl")
        with open(source, "w", encoding="ascii") as file:
            file.write('{{range services}}{{range service .Name}}{{.Name}} {{.ID}} {{.Address}}:{{.Port}}\n'
                       '{{end}}{{end}}')
        self.began = now()
        self.text = (f'consul = "{consul.address}"; jobs = ( {{ name = "app"; exec = "sleep 10000"; }} );\n'
                     f'templates = ( {{ name = "all"; source = "{source}"; destination = "{self.path}"; }} );')
        self.last = None
        self.child = None

    def start(self):
        path = configuration(self.text)
        if subprocess.run([PILOTFISH, "check", "-c", path], capture_output=True, check=False).returncode:
            return False
        self.began = now()
        self.child = pilotfish(self.text)
        return True

    def _state(self):
        try:
            status = os.stat(self.path)
            return status.st_ino, status.st_mtime_ns
        except OSError:
            return None

    def all(self):
        while True:
            if self.seen(None, 60) is None:
                sys.exit("many: the template was not rendered")
            note_connections(self.child.pid)
            with open(self.path, encoding="utf-8") as file:
                if len({line.split()[0] for line in file}) >= COUNT:
                    return now()

    def settle(self):
        while self.seen(None, 1):
            pass

    def seen(self, _service, limit=LIMIT):
        end_at = time.monotonic() + limit
        while (state := self._state()) == self.last:
            if time.monotonic() > end_at:
                return None
            time.sleep(0.0002)
        self.last = state
        return now()


connections = 0


def note_connections(pid):
    """The connections that are open now; also records the maximum."""
    global connections
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    inodes = {link[8:-1] for link in links if link.startswith("socket:")}
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as file:
        found = sum(line.split()[9] in inodes for line in file)
    connections = max(connections, found)
    return found


def requests_of_last_interval(consul):
    metrics = json.loads(body_of(consul.ask("GET", "/v1/agent/metrics")[1]))
    return sum(sample["Count"] for sample in metrics["Samples"]
               if sample["Name"].startswith("consul.http.") and "agent.metrics" not in sample["Name"])


def body_of(answer):
    """The body without the framing of chunks."""
    if answer[:1] == b"{":
        return answer
    body = b""
    while answer:
        size, _, answer = answer.partition(b"\r\n")
        count = int(size, 16)
        body, answer = body + answer[:count], answer[count + 2:]
        if not count:
            break
    return body


class Changes:
    """Changes of a service; each returns its instant."""

    def __init__(self, consul):
        self.consul = consul
        self.status, self.ports, self.extra = {}, {}, []

    def verdict(self, number):
        status = "critical" if self.status.get(number, "passing") == "passing" else "passing"
        self.status[number] = status
        return self.consul.verdict(name(number), status)

    def register(self, number):
        self.extra.append(number)
        return self.consul.register(name(number), f"{name(number)}-2", 81)

    def deregister(self, number):
        return self.consul.deregister(f"{name(number)}-2")

    def port(self, number):
        self.ports[number] = self.ports.get(number, 80) + 1
        return self.consul.ask("PUT", "/v1/agent/service/register", {
            "Name": name(number), "ID": name(number), "Address": "127.0.0.1",
            "Port": self.ports[number]})[0]


CHECKED = [number for number in range(COUNT) if number % 10]
UNCHECKED = [number for number in range(COUNT) if not number % 10]


def measure(subject, what, change, numbers, pause):
    took, lost = [], 0
    before = Usage(subject.child.pid).cpu
    for number in numbers:
        began = change(number)
        seen = subject.seen(name(number))
        note_connections(subject.child.pid)
        if seen is None:
            lost += 1
        else:
            took.append((seen - began) / 1e6)
        time.sleep(pause)
    spent = (Usage(subject.child.pid).cpu - before) / len(numbers)
    if lost:
        print(f"many: {lost} of {len(numbers)} changes were not seen: {what}", file=sys.stderr)
    row(f"{COUNT} services, {subject.what}: {what}, median / p99 of {len(took)}",
        f"{ms(median(took))} / {ms(percentile(took, 99))}", "", f"CPU {ms(spent)} each", "p99 < 1 s",
        not lost and percentile(took, 99) < 1000)


def idle(subject, consul):
    time.sleep(INTERVAL + 1)
    before, count = Usage(subject.child.pid), 0
    for _ in range(IDLE // INTERVAL):
        time.sleep(INTERVAL)
        count += requests_of_last_interval(consul)
    after = Usage(subject.child.pid)
    seconds = IDLE // INTERVAL * INTERVAL
    row(f"{COUNT} services, {subject.what}: requests a second, idle", f"{count / seconds:.1f}",
        FIGURES + "489", "", "", None)
    row(f"{COUNT} services, {subject.what}: CPU a minute, idle", ms((after.cpu - before.cpu) * 60 / seconds))
    row(f"{COUNT} services, {subject.what}: RSS", f"{after.rss / 1024:.1f} MB", FIGURES + "61 MB")


def fill(consul):
    for number in range(COUNT):
        if number % 10:
            consul.register(name(number), name(number))
        else:
            consul.ask("PUT", "/v1/agent/service/register", {
                "Name": name(number), "ID": name(number), "Address": "127.0.0.1", "Port": 80})


def run(subject, consul):
    global connections
    connections = 0
    row(f"{COUNT} services, {subject.what}: all are known after", ms((subject.all() - subject.began) / 1e6),
        "", "", "", None)
    subject.settle()
    changes = Changes(consul)
    some = random.sample(CHECKED, min(ROUNDS, len(CHECKED)))
    bare = random.sample(UNCHECKED, min(ROUNDS // 10 or 1, len(UNCHECKED)))
    measure(subject, "a check fails", changes.verdict, some, 0.1)
    measure(subject, "it passes, in a row", changes.verdict, some, 0)
    measure(subject, "an instance comes", changes.register, some, 0.1)
    measure(subject, "it goes", changes.deregister, some, 0.1)
    measure(subject, "another port, without a check", changes.port, bare, 2)
    measure(subject, "another port, in a row", changes.port, bare, 0)
    idle(subject, consul)
    row(f"{COUNT} services, {subject.what}: connections at most", str(connections), "Consul takes 200", "",
        "< 100", connections < 100)
    end(subject.child)


random.seed(1)
agent = Consul()
fill(agent)
run(Events(agent), agent)
through_template = File(agent)
if through_template.start():
    run(through_template, agent)
