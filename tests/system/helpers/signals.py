#!/usr/bin/env python3
"""signals.py [--pid1] [--burst] SIGNAL... -- INIT...
Run INIT with catch.py as its command, send the SIGNALs to INIT and print what catch.py caught.
A SIGNAL is N, N=VALUE or !N; we wait until N is caught before the next, but not for !N.  The last
signal is always 64, which ends catch.py.  With --burst we wait for none."""
import ctypes
import os
import select
import signal
import subprocess
import sys

LIMIT = 10
LAST = 64
here = os.path.dirname(os.path.abspath(__file__))
split = sys.argv.index("--")
wanted, init = sys.argv[1:split], sys.argv[split + 1:]
flags = [word for word in wanted if word.startswith("--")]
wanted = [word for word in wanted if not word.startswith("--")]
if "--pid1" in flags:
    init = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] + init
run = subprocess.Popen(init + ["--", sys.executable, here + "/catch.py"],
                       stdout=subprocess.PIPE, start_new_session=True)


def line():
    text = b""
    while not text.endswith(b"\n"):
        if not select.select([run.stdout], [], [], LIMIT)[0]:
            run.kill()
            sys.exit("nothing was caught within %d s" % LIMIT)
        byte = os.read(run.stdout.fileno(), 1)
        if not byte:
            return ""
        text += byte
    return text.decode().strip()


def children(pid):
    return [int(word) for word in open("/proc/%d/task/%d/children" % (pid, pid)).read().split()]


def send(number, value):
    if value is None:
        os.kill(pid, number)
    elif ctypes.CDLL(None).sigqueue(pid, number, ctypes.c_void_p(value)):
        sys.exit("sigqueue failed")


assert line() == "ready"
pid = children(run.pid)[0] if "--pid1" in flags else run.pid
for word in wanted:
    number, _, value = word.lstrip("!").partition("=")
    send(int(number), int(value) if value else None)
    if not word.startswith("!") and "--burst" not in flags:
        print(line(), flush=True)
    if int(number) in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        os.kill(pid, signal.SIGCONT)                # the signal suspended INIT too
        assert line() == str(int(signal.SIGCONT))
os.kill(pid, LAST)
while caught := line():
    print(caught, flush=True)
sys.exit(run.wait(LIMIT))
