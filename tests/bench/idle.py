#!/usr/bin/env python3
"""idle - the costs of one service checked each second and one watch, and of a bare init.

Memory is measured at the end, wake-ups (voluntary context switches) and processor time (schedstat) over the whole run;
threads are the maximum of all samples.  A proxy between pilotfish and Consul counts requests.  One pilotfish checks by http,
one by a program, and one by http, with https to Consul; all idle at the same time, as they hardly disturb each other.
"""
import http.server
import os
import shutil
import sys
import threading
import time

from bench import PILOTFISH, Consul, Proxy, Query, Usage, forget_file, is_release, pilotfish, row, start

SECONDS = int(os.environ.get("SECONDS_IDLE", "30"))
TTL = 10


class Well(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Well.asked += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Subject:
    """An idle process, and the resources that it used."""

    def __init__(self, child):
        self.pid = child.pid
        self.threads = 0

    def _files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def begin(self):
        self.began = Usage(self.pid)
        self.files = self._files()

    def sample(self):
        self.threads = max(self.threads, Usage(self.pid).threads)

    def end(self):
        self.ended = Usage(self.pid)
        self.files = self._files() - self.files
        self.wakeups = self.ended.wakeups - self.began.wakeups
        self.cpu = (self.ended.cpu - self.began.cpu) * 60 / SECONDS


def configured(consul, name, health, https=False):
    proxy = Proxy(consul)
    address = f'address = "{proxy.address}";'
    if https:
        address = f'address = "{consul.https_address}"; tls = {{ cafile = "{consul.authorities}"; }};'
    child = pilotfish(f"""
        consul = {{ {address} }};
        jobs = ( {{ name = "{name}"; port = 8080; interfaces = "static:127.0.0.1"; exec = "sleep 1000";
            health = {{ {health}; interval = "1s"; ttl = "{TTL}s"; }}; }} );
        watches = ( {{ name = "db"; onChange = "true"; }} );
        """, name)
    query = Query(consul, f"/v1/health/service/{name}?passing")
    if query.size(3) is None:
        print(f"idle: {name} has not become healthy, or was already", file=sys.stderr)
    return Subject(child), proxy


consul = Consul()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Well)
threading.Thread(target=server.serve_forever, daemon=True).start()
HTTP = f'http = "http://127.0.0.1:{server.server_port}/"'
forget_file()
subjects = {
    "http check": configured(consul, "asked", HTTP),
    "exec check": configured(consul, "run", 'exec = "true"'),
}
encrypted = configured(consul, "encrypted", HTTP, https=True)[0]
inits = {"pilotfish": [PILOTFISH, "--"], "tini": ["tini", "-s", "--"], "dumb-init": ["dumb-init"]}
inits = {name: Subject(start(*command, "sleep", "1000")) for name, command in inits.items()
         if os.path.exists(command[0]) or shutil.which(command[0])}
time.sleep(2)

everybody = [subject for subject, _ in subjects.values()] + [encrypted] + list(inits.values())
for subject in everybody:
    subject.begin()
for _, proxy in subjects.values():
    proxy.requests = 0
asked = Well.asked
for _ in range(SECONDS * 4):
    time.sleep(0.25)
    for subject, _ in subjects.values():
        subject.sample()
for subject in everybody:
    subject.end()
if abs(Well.asked - asked - 2 * SECONDS) > 2:
    print(f"idle: {Well.asked - asked} http checks in {SECONDS} s", file=sys.stderr)

PEER = "ContainerPilot 3.8: "


def memory_rows(kind, used, aim):
    """Aims are for the release build; another build is judged only if it meets them, too."""
    def verdict(met):
        return met if met or is_release() else None

    row(f"idle, {kind}: RSS", f"{used.rss / 1024:.2f} MB", PEER + "18.5 MB", f"x {used.rss / 1024 / 18.5:.2f}",
        f"release build <= {aim:g} MB", verdict(used.rss <= aim * 1024))
    row(f"idle, {kind}: PSS / private dirty", f"{used.pss / 1024:.2f} / {used.dirty / 1024:.2f} MB", "", "",
        "release build: dirty <= 0.5 MB" if aim < 5 else "", verdict(used.dirty <= 512) if aim < 5 else None)


row("the program's size", f"{os.path.getsize(PILOTFISH) / 1e6:.2f} MB")
memory_rows("http check, Consul by https", encrypted.ended, 5)
for kind, (subject, proxy) in subjects.items():
    used = subject.ended
    memory_rows(kind, used, 3.5)
    row(f"idle, {kind}: threads", f"{subject.threads}", PEER + "14", "", "1", subject.threads == 1)
    row(f"idle, {kind}: descriptors and RSS gained in {SECONDS} s",
        f"{subject.files}, {used.rss - subject.began.rss} KB", "", "", "at most 2 descriptors",
        subject.files <= 2)
    # By http: the timer, the connection, the answer.  By a program: the timer, the spawn, the ends of two pipes, the exit.
    each = 3 if kind == "http check" else 5
    needed = SECONDS * each + proxy.requests * 2
    row(f"idle, {kind}: wake-ups a minute", f"{subject.wakeups * 60 / SECONDS:.0f}",
        f"needed {needed * 60 / SECONDS:.0f}", f"x {subject.wakeups / needed:.2f}",
        f"{each} a check, 2 a request", subject.wakeups <= needed)
    row(f"idle, {kind}: CPU a minute", f"{subject.cpu:.0f} ms", PEER + "51-57 ms",
        f"x {subject.cpu / 54:.2f}", "< ContainerPilot", subject.cpu < 54)
    # With each sixth heartbeat, the service looks whether the entry at its ID is still its own.
    rate, aim = proxy.requests / SECONDS, 3 / TTL * 7 / 6 + 1 / 60 + 1 / SECONDS
    row(f"idle, {kind}: requests a second", f"{rate:.2f}", PEER + "2.0", f"x {rate / 2:.2f}",
        "7 in 2 TTLs, and the watch", rate <= aim)
ours = inits.pop("pilotfish")
for name, peer in inits.items():
    row("idle, bare init: wake-ups in 10 s", f"{ours.wakeups * 10 / SECONDS:.1f}",
        f"{name} {peer.wakeups * 10 / SECONDS:.1f}", "", "0", ours.wakeups == 0)
    limit = 2 * peer.ended.dirty + 205
    row("idle, bare init: private dirty", f"{ours.ended.dirty} KB", f"{name} {peer.ended.dirty} KB",
        f"x {ours.ended.dirty / max(peer.ended.dirty, 1):.1f}", "release: <= 2 x tini + 0.2 MB",
        True if ours.ended.dirty <= limit else None)
