#!/usr/bin/env python3
"""early - for how long after its exec a PID 1 loses SIGTERM.

The kernel drops a signal to PID 1 whose effect would be the default, and a program cannot block signals before it
runs.  So a `docker stop` in this interval is lost.  The driver sends SIGTERM at random instants around the exec; the last
lost signal and the first received one bound the interval.
"""
import ctypes
import os
import random
import select
import shutil
import signal
import time

from bench import PILOTFISH, configuration, ms, row

RUNS = int(os.environ.get("ROUNDS", "60")) * 2
SPAN = 10e6         # nanoseconds
CLONE_NEWPID = 0x20000000
TIMEOUT = 0.5      # seconds: longer than a stop takes

CONFIG = 'logging = { level = "error"; }; jobs = ( { name = "app"; exec = "sleep 30"; } );\n'


def become(command, gate, answer):
    os.read(gate, 1)
    os.write(answer, str(time.monotonic_ns()).encode())
    os.execvp(command[0], command)


def launch(command, gate, answer, pids):
    """The parent of PID 1; it ends with its child."""
    if ctypes.CDLL(None).unshare(CLONE_NEWPID) < 0:
        os._exit(1)
    child = os.fork()
    if child == 0:
        become(command, gate, answer)
    os.write(pids, str(child).encode())
    os.waitpid(child, 0)
    os._exit(0)


def attempt(command):
    """(nanoseconds from the exec to SIGTERM, whether it was lost)"""
    (gate, opener), (told, answer), (known, pids) = os.pipe(), os.pipe(), os.pipe()
    parent = os.fork()
    if parent == 0:
        launch(command, gate, answer, pids)
    os.close(pids)
    os.close(answer)
    pid = int(os.read(known, 32) or 0)
    if not pid:
        raise SystemExit("early: only root can have PID namespaces")
    ended = os.pidfd_open(parent)
    due = time.monotonic_ns() + random.uniform(0, SPAN)
    os.write(opener, b"x")
    while time.monotonic_ns() < due:
        pass
    sent = time.monotonic_ns()
    os.kill(pid, signal.SIGTERM)
    lost = not select.select([ended], [], [], TIMEOUT)[0]
    if lost:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(parent, 0)
    began = int(os.read(told, 32) or sent)
    for fd in (gate, opener, told, known, ended):
        os.close(fd)
    return sent - began, lost


def moment(command):
    """(the last instant at which a signal was lost, the number of signals sent after the exec)"""
    tried = [attempt(command) for _ in range(RUNS)]
    behind = [(at, lost) for at, lost in tried if at > 0]
    return max([at for at, lost in behind if lost], default=0) / 1e6, \
        sum(lost for _, lost in behind), len(behind)


signal.signal(signal.SIGTERM, signal.SIG_DFL)       # for PID 1, until its exec
peers = {"tini": ["tini", "--", "sleep", "30"], "dumb-init": ["dumb-init", "sleep", "30"]}
theirs = {name: moment(command) for name, command in peers.items() if shutil.which(name)}
for name, command in (("bare", [PILOTFISH, "--", "sleep", "30"]),
                      ("with a configuration", [PILOTFISH, "-c", configuration(CONFIG)])):
    last, lost, sent = moment(command)
    for peer, (peer_last, peer_lost, peer_sent) in theirs.items():
        row(f"early: SIGTERM to PID 1 is lost until, {name}", f"{ms(last)} after exec, {lost} of {sent}",
            f"{peer} {ms(peer_last)}, {peer_lost} of {peer_sent}", f"{last - peer_last:+.2f} ms")
