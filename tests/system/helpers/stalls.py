#!/usr/bin/env python3
"""stalls.py PORT SOCKET SECONDS INTERVAL - how late a pilotfish's checks and answers were, in milliseconds.

Its checks are http requests to PORT, each with a path of its own and each due INTERVAL seconds after the last one;
/hang gets no answer.  Meanwhile SOCKET, the control socket, is asked for /v4/health all the time.

Prints `checks N answers N check MS answer MS own MS`: how many there were, the latest of each, and the latest of
this program's own timers, which tells how late the machine was for everybody.
"""
import asyncio
import sys
import time

TICK = 0.005
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Worst:
    def __init__(self):
        self.count, self.seconds = 0, 0

    def note(self, seconds):
        self.count += 1
        self.seconds = max(self.seconds, seconds)

    def __str__(self):
        return f"{self.seconds * 1000:.0f}"


class Checks:
    def __init__(self, interval):
        self.interval, self.last, self.late = interval, {}, Worst()

    async def serve(self, reader, writer):
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
            if path == b"/hang":
                await reader.read()
            else:
                self.note(path, time.monotonic())
                writer.write(ANSWER)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()

    def note(self, path, at):
        if path in self.last:
            self.late.note(at - self.last[path] - self.interval)
        self.last[path] = at


async def ask(path, worst):
    while True:
        began = time.monotonic()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET /v4/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        if not (await reader.read()).startswith(b"HTTP/1.1 "):
            sys.exit("stalls: no answer")
        worst.note(time.monotonic() - began)
        writer.close()
        await asyncio.sleep(TICK)


async def tick(worst):
    while True:
        began = time.monotonic()
        await asyncio.sleep(TICK)
        worst.note(time.monotonic() - began - TICK)


async def main():
    port, path, seconds, interval = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    checks, answers, own = Checks(interval), Worst(), Worst()
    await asyncio.start_server(checks.serve, "127.0.0.1", port, backlog=1024)
    tasks = [asyncio.create_task(ask(path, answers)), asyncio.create_task(tick(own))]
    done, _ = await asyncio.wait(tasks, timeout=seconds)
    for task in done:
        task.result()
    print("checks", checks.late.count, "answers", answers.count,
          "check", checks.late, "answer", answers, "own", own, flush=True)
    for task in tasks:
        task.cancel()


asyncio.run(main())
