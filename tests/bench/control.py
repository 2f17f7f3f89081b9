#!/usr/bin/env python3
"""control - the costs of the control socket and the telemetry port: of the clients, idle, and under a storm of events.

A client's processor time is that of the whole process, as wait4(2) reports it.  The price of socket and port is the
difference between two pilotfish that differ only in them.  In the storm, ten clients read the events that signals
cause at the stated rate, while a further client measures how long its requests take.
"""
import http.client
import os
import selectors
import shutil
import signal
import socket
import sys
import threading
import time

from bench import (PILOTFISH, Fifo, Usage, await_that, configuration, directory, end, end_time, is_release, median,
                   ms, now, percentile, pilotfish, row, start, tool)

ROUNDS = int(os.environ.get("ROUNDS", "100"))
SECONDS = int(os.environ.get("SECONDS_IDLE", "20"))
STORM, RATE, STREAMS = 5, 10000, 10         # seconds, events a second, clients

SOCKET = os.path.join(directory, "control.sock")
JOBS = 'jobs = ( { name = "web"; exec = [ %s ]; } );\n'


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def open_parts():
    return f'control = {{ socket = "{SOCKET}"; }}; telemetry = {{ port = {free_port()}; }};\n'


CLOSED_PARTS = 'control = { socket = "off"; };\n'


def run_client(command):
    """(milliseconds from spawn to exit, of processor time)"""
    hidden = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    began = now()
    _, status, usage = os.wait4(os.posix_spawnp(command[0], command, os.environ, file_actions=hidden), 0)
    if status:
        sys.exit(f"control: {command} has failed")
    return (now() - began) / 1e6, (usage.ru_utime + usage.ru_stime) * 1000


def answers():
    try:
        Connection("pilotfish").connect()
        return True
    except OSError:
        return False


def measure_clients():
    path = "http://pilotfish/v4"
    commands = {
        "status": [PILOTFISH, "status", "--json", "--socket", SOCKET],
        "status, curl": ["curl", "-s", "--unix-socket", SOCKET, f"{path}/status"],
        "healthcheck": [PILOTFISH, "healthcheck", "--socket", SOCKET],
        "healthcheck, curl": ["curl", "-sf", "--unix-socket", SOCKET, f"{path}/health"],
        "a program that does nothing": ["true"],
    }
    took = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            took[name].append(run_client(command))
    wall, cpu = ({name: median([pair[i] for pair in pairs]) for name, pairs in took.items()} for i in (0, 1))
    for name in ("status", "healthcheck"):
        curl, nothing = f"{name}, curl", "a program that does nothing"
        row(f"{name}: exec to exit", ms(wall[name]), f"curl {ms(wall[curl])}, true {ms(wall[nothing])}",
            f"x {wall[name] / wall[curl]:.2f} of curl", "<= curl", wall[name] <= wall[curl])
        row(f"{name}: processor time", ms(cpu[name]), f"curl {ms(cpu[curl])}, true {ms(cpu[nothing])}",
            f"x {cpu[name] / cpu[curl]:.2f} of curl", "<= 3 ms (release build)",
            cpu[name] <= 3 if cpu[name] <= 3 or is_release() else None)


def measure_start():
    fifo = Fifo("start")
    words = ", ".join(f'"{word}"' for word in [tool("stamp"), fifo.path, "up", "", "-1"])
    parts = {"with": open_parts(), "without": CLOSED_PARTS}
    paths = {name: configuration(part + JOBS % words, name) for name, part in parts.items()}
    took = {name: [] for name in paths}
    for _ in range(ROUNDS):
        for name, path in paths.items():
            with open(os.path.join(directory, "start.log"), "ab") as log:
                child = start(tool("exec"), fifo.path, PILOTFISH, "-c", path, stdout=log, stderr=log)
            at = {line[1]: int(line[0]) for line in (fifo.next(), fifo.next())}
            took[name].append((at["up"] - at["exec"]) / 1e6)
            child.terminate()
            end_time(child)
    on, off = median(took["with"]), median(took["without"])
    row("start with socket and port", ms(on), f"without {ms(off)}", f"{on - off:+.2f} ms", "<= +0.1 ms",
        on - off <= 0.1)


def measure_idle():
    subjects = {"on": pilotfish(open_parts() + JOBS % '"sleep", "1000"', "on"),
                "off": pilotfish(CLOSED_PARTS + JOBS % '"sleep", "1000"', "off")}
    time.sleep(2)
    began = {name: Usage(child.pid) for name, child in subjects.items()}
    time.sleep(SECONDS)
    ended = {name: Usage(child.pid) for name, child in subjects.items()}
    wakeups = {name: ended[name].wakeups - began[name].wakeups for name in subjects}
    dirty = ended["on"].dirty - ended["off"].dirty
    row("idle with socket and port: private dirty", f"{ended['on'].dirty} KB", f"without {ended['off'].dirty} KB",
        f"{dirty:+d} KB", "<= +150 KB", dirty <= 150)
    row(f"idle with socket and port: wake-ups in {SECONDS} s", str(wakeups["on"]), f"without {wakeups['off']}",
        f"{wakeups['on'] - wakeups['off']:+d}", "+0", wakeups["on"] <= wakeups["off"])
    for child in subjects.values():
        end(child)


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


class Streams(threading.Thread):
    """Clients that read events, and count their lines."""

    def __init__(self, count):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.lines, self.missed = 0, 0
        for _ in range(count):
            client = socket.socket(socket.AF_UNIX)
            client.connect(SOCKET)
            client.sendall(b"GET /v4/events HTTP/1.1\r\nHost: pilotfish\r\n\r\n")
            self.selector.register(client, selectors.EVENT_READ)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                part = key.fileobj.recv(1 << 18)
                if not part:
                    return
                self.lines += part.count(b"}\n")
                self.missed += part.count(b'{"missed"')


def send_signals(pid, seconds):
    """At RATE; a real-time signal is queued, so that each one causes an event."""
    began, sent = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        while sent < passed * RATE:
            os.kill(pid, signal.SIGRTMIN + 1)
            sent += 1
        time.sleep(0.001)
    return sent


def ask_for(seconds):
    """How long single requests took, one each 5 ms."""
    connection, took = Connection("pilotfish"), []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = now()
        connection.request("GET", "/v4/health")
        connection.getresponse().read()
        took.append((now() - began) / 1e6)
        time.sleep(0.005)
    return took


def measure_storm():
    child = pilotfish(f"""control = {{ socket = "{SOCKET}"; }};
        jobs = ( {{ name = "web"; exec = "sleep 1000"; }},
            {{ name = "never"; exec = "true"; when = {{ source = "SIGRTMIN+1"; each = "signalled"; }};
               needs = [ "web exitFailed" ]; }} );""", "storm")
    await_that(answers)
    quiet = ask_for(2)
    streams = Streams(STREAMS)
    streams.start()
    sent = []
    sender = threading.Thread(target=lambda: sent.append(send_signals(child.pid, STORM)))
    before = Usage(child.pid).cpu
    sender.start()
    busy = ask_for(STORM)
    sender.join()
    await_that(lambda: streams.missed or streams.lines >= STREAMS * sent[0])
    cpu = (Usage(child.pid).cpu - before) / (STREAMS * sent[0]) * 1000
    row(f"{sent[0] / STORM:.0f} events a second to {STREAMS} streams: a request, p50 and p99",
        f"{ms(median(busy))}, {ms(percentile(busy, 99))}",
        f"without {ms(median(quiet))}, {ms(percentile(quiet, 99))}", f"{cpu:.1f} us of processor an event and stream",
        "p99 <= 100 ms", percentile(busy, 99) <= 100)
    row("the same: lines read, gaps told", f"{streams.lines}, {streams.missed}", f"{STREAMS * sent[0]}, 0")
    end(child)


child = pilotfish(open_parts() + JOBS % '"sleep", "1000"', "clients")
await_that(answers)
if shutil.which("curl"):
    measure_clients()
end(child)
measure_start()
measure_idle()
measure_storm()
