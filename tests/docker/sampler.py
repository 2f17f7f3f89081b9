"""sampler.py HOST - ask each server behind the name HOST, twenty times a second, whether it is writable.

Prints a line for each answer: milliseconds since 1970 before the question and after the answer, the address, and 1 if
the server is writable.  The sampler reconnects to a silent server, and finds new servers within half a second.
"""
import os
import select
import socket
import subprocess
import sys
import threading
import time

INTERVAL, RETRY = 0.05, 0.2      # seconds between questions, and between starts of a client
known = set()


def milliseconds():
    return round(time.time() * 1000)


def password():
    """The environment's, or that in a file, which the first database makes."""
    path = os.environ.get("MYSQL_PASSWORD_FILE")
    while path and not os.path.exists(path):
        time.sleep(INTERVAL)
    return open(path).read().strip() if path else os.environ["MYSQL_PASSWORD"]


def sample(client, address):
    """Asks until the connection breaks."""
    while True:
        before = milliseconds()
        client.stdin.write(b"SELECT @@read_only;\n")
        ready, _, _ = select.select([client.stdout], [], [], 30)
        answer = client.stdout.read(2) if ready else b""
        if len(answer) != 2:
            return
        print(before, milliseconds(), address, int(answer[:1] == b"0"), flush=True)
        time.sleep(INTERVAL)


def watch(address):
    """Asks while the name resolves to the address, that is, until the container has ended."""
    while address in known:
        client = subprocess.Popen(["mariadb", "--batch", "--skip-column-names", "--unbuffered", "--connect-timeout=1",
                                   f"--host={address}", "--user=app"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, bufsize=0, env=dict(os.environ, MYSQL_PWD=password()))
        try:
            sample(client, address)
        except BrokenPipeError:
            pass
        client.kill()
        client.communicate()
        time.sleep(RETRY)


def main(host):
    while True:
        try:
            now = {entry[4][0] for entry in socket.getaddrinfo(host, 3306, socket.AF_INET)}
        except OSError:
            now = set()
        for address in now - known:
            known.add(address)
            threading.Thread(target=watch, args=(address,), daemon=True).start()
        known.intersection_update(now)
        time.sleep(0.5)


main(*sys.argv[1:])
