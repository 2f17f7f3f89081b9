#!/usr/bin/env python3
"""web.py PORT|PATH ANSWER [ADDRESS [CERTIFICATE KEY]] - a web server that answers with the file ANSWER.

The first line of ANSWER is the status, or "hang" for no answer; the rest is the body.  A PATH is a unix socket.
Each request line goes to standard output, and each header whose name begins with "X-", and Host.
"""
import http.server
import os
import socket
import socketserver
import ssl
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        print("connected", flush=True)

    def do_GET(self):
        print(self.requestline, flush=True)
        for name, value in self.headers.items():
            if name.startswith("X-") or name == "Host":
                print(f"{name}: {value}", flush=True)
        with open(sys.argv[2], "rb") as file:
            status, _, body = file.read().partition(b"\n")
        if status == b"hang":
            time.sleep(1000)
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(body)))
        if status == b"302":
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_OPTIONS = do_GET

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def main():
    where = sys.argv[1]
    if where.isdigit():
        address = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"
        Server.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = Server((address, int(where)), Handler)
    else:
        Server.address_family = socket.AF_UNIX
        server = Server(where + ".new", Handler)
        os.rename(where + ".new", where)
    if len(sys.argv) > 5:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


main()
