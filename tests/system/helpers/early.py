#!/usr/bin/env python3
"""early.py RUNS INIT...
Start INIT with a command that sleeps, RUNS times, and send SIGTERM after a random time:
up to 3 ms, or up to twice the time that INIT needs to start a command.  Print how many still
ran 5 seconds later."""
import os
import random
import signal
import subprocess
import sys
import time

runs, init = int(sys.argv[1]), sys.argv[2:]
began = time.monotonic()
for _ in range(10):
    subprocess.run(init + ["--", "true"], check=True)
span = max(0.003, 2 * (time.monotonic() - began) / 10)
lost = 0
for _ in range(runs):
    process = subprocess.Popen(init + ["--", "sleep", "30"])
    time.sleep(random.uniform(0, span))
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        lost += 1
        for child in open("/proc/%d/task/%d/children" % (process.pid, process.pid)).read().split():
            os.kill(int(child), signal.SIGKILL)
        process.wait()
print(lost)
