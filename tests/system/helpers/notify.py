#!/usr/bin/env python3
"""notify.py FIFO [ENVIRONMENT] - a program that uses sd_notify(3), told what to say by lines in FIFO.

It writes its environment to the file ENVIRONMENT, then sends each line as a datagram to NOTIFY_SOCKET (\\n in it is a
newline; "big N" is a STATUS of N bytes; "flood" sends without end), and waits until the manager has read it: a
pipe that was sent along is closed then.  It confirms each line by one to FIFO.reply.  "ping" sends WATCHDOG=1 four times as often as asked for, until "quiet".

notify.py --listen PATH - the manager: prints what comes to the socket PATH (@NAME: abstract), a line each.
"""
import array
import os
import socket
import sys
import threading


def address(text):
    return "\0" + text[1:] if text.startswith("@") else text


def listen(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(address(path))
        while True:
            print(end.recv(65536).decode().replace("\n", " "), flush=True)


def send(end, text):
    there, here = os.pipe()
    end.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [here]))])
    os.close(here)
    os.read(there, 1)           # until nobody has the other end
    os.close(there)


def ping(end, quiet):
    while not quiet.wait(int(os.environ["WATCHDOG_USEC"]) / 4e6):
        end.send(b"WATCHDOG=1")


def act(end, line, quiet):
    word, _, rest = line.partition(" ")
    if word == "ping":
        quiet.clear()
        send(end, "WATCHDOG=1")
        threading.Thread(target=ping, args=(end, quiet), daemon=True).start()
    elif word == "quiet":
        quiet.set()
    elif word == "flood":
        while True:
            end.send(b"STATUS=flood")
    else:
        send(end, "STATUS=" + int(rest) * "x" if word == "big" else line.replace("\\n", "\n"))


def speak(fifo):
    quiet = threading.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.connect(address(os.environ["NOTIFY_SOCKET"]))
        while True:
            with open(fifo, encoding="utf-8") as lines:
                for line in lines:
                    act(end, line.strip(), quiet)
                    with open(fifo + ".reply", "w", encoding="utf-8") as reply:
                        reply.write("done\n")


if sys.argv[1] == "--listen":
    listen(sys.argv[2])
else:
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in os.environ.items())
    speak(sys.argv[1])
