"""bench.py - shared by the drivers: programs, a Consul, instants, and rows of the table.

A driver prints rows by row(); `run` collects them.  All instants are CLOCK_MONOTONIC in nanoseconds, all
results milliseconds.  The programs that a driver starts end with the driver.
"""
import atexit
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
PILOTFISH = os.path.join(BUILD, "pilotfish")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
LIMIT = 10          # seconds for any one operation

now = time.monotonic_ns
directory = tempfile.mkdtemp(prefix="pilotfish-bench.")
children = []
gc.disable()        # no pauses of our own


def tool(name):
    """One of the C programs of this folder."""
    return os.path.join(BUILD, "bench", name)


def start(*command, **options):
    """A program that ends with us."""
    death = ctypes.CDLL(None).prctl
    child = subprocess.Popen(command, preexec_fn=lambda: death(1, signal.SIGKILL), **options)
    children.append(child)
    return child


def end(child):
    child.kill()
    child.wait()
    children.remove(child)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))     # runs the clean-up below


@atexit.register
def end_all():
    for child in list(children):
        if child.poll() is None:
            child.terminate()
    for child in list(children):
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    shutil.rmtree(directory, ignore_errors=True)


# --- figures

def median(values):
    return statistics.median(values)


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * percent // 100) - 1)]


def ms(value):
    return f"{value:.2f} ms" if abs(value) < 100 else f"{value:.0f} ms"


def row(what, ours, peer="", difference="", aim="", met=None):
    """A row of the table; met: True, False, or None without an aim."""
    verdict = {True: "met", False: "NOT MET", None: "-"}[met]
    print(*(cell or "-" for cell in (what, ours, peer, difference, aim, verdict)), sep="\t", flush=True)


# --- instants that other programs report

class Fifo:
    """Lines that programs write into a FIFO, each split into words."""

    def __init__(self, name="fifo"):
        self.path = os.path.join(directory, name)
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        self.rest = b""
        self.lines = []

    def _read(self, seconds):
        if not select.select([self.fd], [], [], max(0, seconds))[0]:
            return
        *lines, self.rest = (self.rest + os.read(self.fd, 65536)).split(b"\n")
        self.lines += [line.decode().split() for line in lines]

    def next(self, limit=LIMIT):
        """The next line, or None after the time limit."""
        end_at = time.monotonic() + limit
        while not self.lines and time.monotonic() < end_at:
            self._read(end_at - time.monotonic())
        return self.lines.pop(0) if self.lines else None

    def quiet(self, seconds):
        """All lines until none has come for that many seconds."""
        lines = []
        while (line := self.next(seconds)) is not None:
            lines.append(line)
        return lines


class Query:
    """A bare blocking query; next() is the instant at which the answer changed."""

    def __init__(self, consul, path):
        self.fifo = Fifo(f"query{len(children)}")
        self.child = start(tool("query"), str(consul.port), path, stdout=self.fifo.fd)
        self.next()

    def next(self):
        line = self.fifo.next()
        if line is None:
            sys.exit("bench: Consul did not answer in time")
        return int(line[0])

    def size(self, seconds):
        """The size of the newest answer after that many quiet seconds; None: no new answer."""
        lines = self.fifo.quiet(seconds)
        return int(lines[-1][1]) if lines else None


# --- Consul

class Consul:
    """A dev agent on the loopback with optional settings; requests go over one kept connection."""

    def __init__(self, **settings):
        ports = subprocess.check_output(
            [os.path.join(ROOT, "tests/system/helpers/free-ports"), "5"], text=True).split()
        self.port, server, lan, wan, https = map(int, ports)
        self.address = f"127.0.0.1:{self.port}"
        self.https_address = f"https://127.0.0.1:{https}"
        self._certify()
        path = os.path.join(directory, "consul.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({
                "node_name": "bench", "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1",
                "disable_update_check": True, "disable_host_node_id": True, "log_level": "err",
                "limits": {"http_max_conns_per_client": 1000},
                "cert_file": os.path.join(directory, "server.pem"),
                "key_file": os.path.join(directory, "server.key"),
                "ports": {"http": self.port, "https": https, "dns": -1, "grpc": -1, "server": server,
                          "serf_lan": lan, "serf_wan": wan}, **settings}, file)
        self.path = path
        self._start()

    def _certify(self):
        """Our certificate authority, among all authorities of the system."""
        subprocess.run([os.path.join(ROOT, "tests/system/helpers/certificates"), directory], check=True)
        self.authorities = os.path.join(directory, "authorities.pem")
        with open(self.authorities, "wb") as file:
            for path in (AUTHORITIES, os.path.join(directory, "ca.pem")):
                if os.path.exists(path):
                    with open(path, "rb") as part:
                        file.write(part.read())

    def _start(self):
        self.child = start("consul", "agent", "-dev", f"-config-file={self.path}",
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = None
        await_that(self._is_ready, 30)

    def restart(self):
        """Kills the agent, and starts a new one without data."""
        end(self.child)
        self._start()

    def _is_ready(self):
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port))
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b'"Node"' in self.ask("GET", "/v1/catalog/node/bench")[1]
        except OSError:
            self.socket = None
            return False

    def ask(self, method, path, data=None):
        """(the instant before the request, the body of the answer)"""
        body = json.dumps(data).encode() if data is not None else b""
        request = (f"{method} {path} HTTP/1.1\r\nHost: consul\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        sent = now()
        self.socket.sendall(request)
        return sent, self._answer()

    def _answer(self):
        answer = b""
        while True:
            answer += self._receive()
            head, mark, body = answer.partition(b"\r\n\r\n")
            if not mark:
                continue
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = fields.get(b"content-length")
            if len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n"):
                return body

    def _receive(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise OSError("Consul has closed the connection")
        return piece

    def register(self, service, instance, port=80, status="passing"):
        return self.ask("PUT", "/v1/agent/service/register", {
            "Name": service, "ID": instance, "Address": "127.0.0.1", "Port": port,
            "Check": {"CheckID": instance, "TTL": "1h", "Status": status}})[0]

    def verdict(self, instance, status):
        return self.ask("PUT", f"/v1/agent/check/update/{instance}", {"Status": status})[0]

    def deregister(self, instance):
        return self.ask("PUT", f"/v1/agent/service/deregister/{instance}")[0]


class Proxy:
    """Passes bytes between pilotfish and Consul, and counts the requests among them."""

    def __init__(self, consul):
        self.consul = consul
        self.requests = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            near = self.listener.accept()[0]
            try:
                far = socket.create_connection(("127.0.0.1", self.consul.port))
            except OSError:
                near.close()
                continue
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source, sink, counted):
        try:
            while piece := source.recv(1 << 16):
                if counted:
                    self.requests += piece.count(b" HTTP/1.1\r\n")
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def await_that(condition, limit=LIMIT):
    end_at = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end_at:
            sys.exit(f"bench: not within {limit} s: {condition}")
        time.sleep(0.01)


# --- pilotfish

def configuration(text, name="pilotfish"):
    path = os.path.join(directory, name + ".conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def pilotfish(text, name="pilotfish", **options):
    """A pilotfish with this configuration; its log is in the directory unless stdout is given."""
    path = configuration(text, name)
    if "stdout" not in options:
        with open(os.path.join(directory, name + ".log"), "ab") as log:
            return start(PILOTFISH, "-c", path, stdout=log, stderr=log, **options)
    return start(PILOTFISH, "-c", path, **options)


def is_release():
    with open(os.path.join(BUILD, "flags"), encoding="utf-8") as file:
        return " -static " in file.read()


def forget_file():
    """Drops the program from the page cache, as if it were read from disk.  A file just written is in memory in
    large pieces, each of which is mapped, and dirty, as a whole."""
    fd = os.open(PILOTFISH, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


class Usage:
    """The resources that a process has used until now."""

    def __init__(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            rollup = dict(line.split(":", 1) for line in file.readlines()[1:])
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            self.cpu = int(file.read().split()[0]) / 1e6
        self.threads = int(status["Threads"])
        self.wakeups = int(status["voluntary_ctxt_switches"])
        self.rss, self.pss, self.dirty = (
            int(rollup[key].split()[0]) for key in ("Rss", "Pss", "Private_Dirty"))


def end_time(child, limit=LIMIT):
    """The instant at which a child ended."""
    ticket = os.pidfd_open(child.pid)
    ready = select.select([ticket], [], [], limit)[0]
    at = now()
    os.close(ticket)
    if not ready:
        sys.exit(f"bench: {child.args[0]} does not end")
    child.wait()
    children.remove(child)
    return at
