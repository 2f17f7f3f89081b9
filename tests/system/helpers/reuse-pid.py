#!/usr/bin/env python3
"""reuse-pid signal|fork - leave a process in our group, and let the kernel give the group's number again.

The parent of that process is in another group.  When the process has ended, the number is free, but the group is
still being swept.  The parent then sends SIGUSR1 to PID 1 (signal), or starts a process with a group of its own (fork).
"""
import os
import signal
import sys
import time

group = os.getpid()
ready, ready_out = os.pipe()
if os.fork() == 0:
    os.setpgid(0, 0)
    member = os.fork()
    if member == 0:
        os.setpgid(0, group)
        os.write(ready_out, b"x")
        time.sleep(60)
    os.waitpid(member, 0)
    with open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(group - 1))
    if sys.argv[1] == "signal":
        os.kill(1, signal.SIGUSR1)
    elif os.fork() == 0:
        os.setpgid(0, 0)
        print("mine", os.getpid(), flush=True)
        time.sleep(1.5)
        print("alive", flush=True)
    else:
        os.wait()
    os._exit(0)
print("group", group, flush=True)
os.read(ready, 1)
