#!/usr/bin/env python3
"""terminal.py STEP... -- COMMAND...
Run COMMAND on a new terminal and do the steps: expect=REGEX, send=TEXT (with \\x03 and so on),
resize, hangup, signal=N (to COMMAND).  Prints the terminal's whole output; the exit code is
COMMAND's, 128+n for a signal, 99 for a failed step."""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

LIMIT = 10
split = sys.argv.index("--")
pid, master = pty.fork()
if not pid:
    modes = termios.tcgetattr(0)
    modes[3] |= termios.NOFLSH          # else ^C and ^Z flush output that is not yet read
    termios.tcsetattr(0, termios.TCSANOW, modes)
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
shown, seen = b"", 0


def read_more(timeout):
    global shown
    if not select.select([master], [], [], timeout)[0]:
        return False
    try:
        more = os.read(master, 4096)
    except OSError:             # the other end is closed
        more = b""
    shown += more
    return bool(more)


def leave(code, message=""):
    sys.stdout.buffer.write(shown.replace(b"\r", b"") + message.encode())
    sys.stdout.flush()
    sys.exit(code)


def expect(pattern):
    global seen
    end = time.monotonic() + LIMIT
    while True:
        found = re.search(pattern.encode(), shown[seen:])
        if found:
            seen += found.end()
            return
        if not read_more(max(0, end - time.monotonic())):
            leave(99, "\nnever shown: " + pattern)


for step in sys.argv[1:split]:
    verb, _, what = step.partition("=")
    if verb == "expect":
        expect(what)
    elif verb == "send":
        os.write(master, what.encode().decode("unicode_escape").encode("latin-1"))
    elif verb == "resize":
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    elif verb == "signal":
        os.kill(pid, int(what))
    elif verb == "hangup":
        os.close(master)
        master = None
while master is not None and read_more(LIMIT):
    pass
end = time.monotonic() + LIMIT
while not (status := os.waitpid(pid, os.WNOHANG))[0]:
    if time.monotonic() > end:
        os.kill(pid, 9)
        leave(99, "\ndid not end")
    time.sleep(0.005)
code = os.waitstatus_to_exitcode(status[1])
leave(code if code >= 0 else 128 - code)
