#!/usr/bin/env python3
"""enter.py [--ignore SIG,...] [--block SIG,...] [--close FD,...] [--listen N] -- COMMAND...
Execute COMMAND with ignored or blocked signals, closed descriptors or passed sockets."""
import argparse
import os
import signal

parser = argparse.ArgumentParser()
for name in "ignore", "block", "close":
    parser.add_argument("--" + name, default="")
parser.add_argument("--listen", type=int, default=0)
parser.add_argument("command", nargs="+")
options = parser.parse_args()


def signals(text):
    return [getattr(signal, "SIG" + name) for name in text.split(",") if name]


for number in signal.SIGPIPE, signal.SIGXFSZ:       # Python ignores these
    signal.signal(number, signal.SIG_DFL)
for number in signals(options.ignore):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signals(options.block))
for fd in range(3, 3 + options.listen):
    end = os.memfd_create("socket%d" % fd, 0)
    os.dup2(end, fd) if end != fd else None
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(options.listen)
for fd in options.close.split(","):
    if fd:
        os.close(int(fd))
os.execvp(options.command[0], options.command)
