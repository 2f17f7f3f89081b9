#!/usr/bin/env python3
"""A Consul agent that misbehaves on command.

    fake_consul.py [PORT]        prints its port, then serves until it is killed

It keeps services, checks and keys, and answers blocking queries.  Its faults are set over HTTP, on
the same port:

    POST /fake/mode {"mode": M, "path": P, "count": N, "seconds": S}
        For requests whose path begins with P (default "/v1/"; or a list of such), for the next N of them or for S
        seconds (default: until the next mode).  Blocked queries are affected at once.
        M: ok         no fault
           refuse     the port is closed and connections are reset; needs "seconds"
           hang       no answer
           close      closes the connection instead of answering
           reset      resets the connection
           STATUS     "500", "403", "429", ...: with Consul's text
           garbage    200 and no JSON           html      200 and a page
           shape      200 and JSON of an unexpected form
           truncated  the connection ends within the JSON
           huge       100 MB of JSON            drip      a byte a second
           endless    JSON without an end
           zeros      48 MB of 0,0,0            deep      48 MB of [[[
           empty      200 and []                spin      an answer at once, whatever the index
           backwards  as spin, and every other index is a small one
           denied     from now on ACLs are on, and in this mode our token has no rights: [], and no
                   right to read
    POST /fake/service {"ID", "Service", "Port", ...}    as registered by another agent
    POST /fake/check {"ID", "Status"}       as after a change of its check
    POST /fake/remove {"ID"}                as after its deregistration
    POST /fake/lose                         as restarted without its data, with index 1
    POST /fake/forget                       drop the recorded requests
    GET  /fake/requests[?path=PREFIX]       [{"at","method","path","query","body","token"}, ...]
    GET  /fake/wait?path=PREFIX&count=N[&method=M]    the same once there are N; 408 after 10 s
"""
import asyncio
import base64
import json
import socket
import struct
import sys
import time
from urllib.parse import parse_qs, unquote, urlsplit

NODE = {"Node": "fake", "Address": "127.0.0.1"}
WORDS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
         408: "Request Timeout", 429: "Too Many Requests", 500: "Internal Server Error",
         503: "Service Unavailable"}
TEXTS = {403: "Permission denied", 429: "Your IP is issuing too many concurrent connections",
         500: "No cluster leader", 503: "rate limit reached"}
WAIT_LIMIT = 10


class Request:
    def __init__(self, method, target, headers, body):
        url = urlsplit(target)
        self.method, self.path, self.query = method, unquote(url.path), url.query
        self.raw_path = url.path
        self.args = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        self.headers, self.body, self.at = headers, body, time.monotonic()

    def json(self):
        return json.loads(self.body) if self.body else {}

    def record(self):
        return {"at": self.at, "method": self.method, "path": self.path, "query": self.query,
                "body": self.body.decode("utf-8", "replace"),
                "token": self.headers.get("x-consul-token", "")}


class Agent:
    """The state of a correct agent, and its answers: (status, value, index or None)."""

    def __init__(self):
        self.services, self.checks, self.keys = {}, {}, {}
        self.index = 10
        self.guarded = self.denied = False      # are there access rules, and are we without rights
        self.changed = asyncio.Event()

    def touch(self):
        self.index += 1
        self.wake()

    def wake(self):
        self.changed.set()
        self.changed = asyncio.Event()

    def lose(self):
        self.services, self.checks, self.keys, self.index = {}, {}, {}, 1
        self.wake()

    def register(self, body):
        service = {"ID": body.get("ID") or body["Name"], "Service": body.get("Name"),
                   "Tags": body.get("Tags") or [], "Meta": body.get("Meta") or {},
                   "Address": body.get("Address", ""), "Port": body.get("Port", 0)}
        service["Service"] = service["Service"] or body.get("Service")
        old = self.services.get(service["ID"]), dict(self.checks)
        self.services[service["ID"]] = service
        check = body.get("Check")
        if check:
            name = check.get("CheckID") or "service:" + service["ID"]
            self.checks.setdefault(name, {
                "CheckID": name, "Status": check.get("Status") or "critical", "Output": "",
                "ServiceID": service["ID"], "Name": check.get("Name", ""),
                "Type": "ttl", "TTL": check.get("TTL")})
        if old != (service, self.checks):
            self.touch()

    def deregister(self, name):
        if self.services.pop(name, None):
            self.checks = {k: c for k, c in self.checks.items() if c["ServiceID"] != name}
            self.touch()

    def update(self, check_id, status, output=""):
        check = self.checks.get(check_id)
        if not check:
            return 500, 'CheckID "%s" does not have associated TTL' % check_id, None
        changed = check["Status"] != status
        check.update(Status=status, Output=output)
        if changed:
            self.touch()
        return 200, None, None

    def maintain(self, name, enable):
        if name not in self.services:
            return 404, "Unknown service", None
        check = "_service_maintenance:" + name
        if enable:
            self.checks[check] = {"CheckID": check, "Status": "critical", "ServiceID": name,
                                  "Name": "Service Maintenance Mode", "Output": ""}
        else:
            self.checks.pop(check, None)
        self.touch()
        return 200, None, None

    def health(self, name, passing, tag):
        found, by_service = [], {}
        for check in self.checks.values():
            by_service.setdefault(check["ServiceID"], []).append(check)
        for service in self.services.values():
            checks = by_service.get(service["ID"], [])
            if service["Service"] != name or (tag and tag not in service["Tags"]):
                continue
            if passing and any(c["Status"] != "passing" for c in checks):
                continue
            found.append({"Node": NODE, "Service": service, "Checks": checks})
        return found

    def all_checks(self):
        return [{"Node": NODE["Node"], "CheckID": c["CheckID"], "Status": c["Status"],
                 "ServiceID": c["ServiceID"], "ModifyIndex": 1,
                 "ServiceName": self.services[c["ServiceID"]]["Service"]}
                for c in self.checks.values()]

    def kv(self, path, recurse):
        found = [{"Key": key, "Value": base64.b64encode(value).decode(), "ModifyIndex": index}
                 for key, (value, index) in sorted(self.keys.items())
                 if key == path or (recurse and key.startswith(path))]
        return (200, found, self.index) if found else (404, "", self.index)

    def read(self, request):
        path, args = request.path, request.args
        if path.startswith("/v1/health/service/"):
            name = path[len("/v1/health/service/"):]
            return 200, self.health(name, "passing" in args, args.get("tag")), self.index
        if path.startswith("/v1/kv/"):
            return self.kv(path[len("/v1/kv/"):], "recurse" in args)
        if path.startswith("/v1/health/state/"):
            state = path.rpartition("/")[2]
            return 200, [c for c in self.all_checks() if state in ("any", c["Status"])], self.index
        if path == "/v1/catalog/services":
            return 200, {s["Service"]: s["Tags"] for s in self.services.values()}, self.index
        if path == "/v1/catalog/nodes":
            return 200, [dict(NODE, ModifyIndex=1)], self.index
        if path == "/v1/agent/services":
            return 200, self.services, None
        if path.startswith("/v1/agent/service/") and path.rpartition("/")[2] in self.services:
            return 200, self.services[path.rpartition("/")[2]], None
        if path == "/v1/agent/checks":
            return 200, self.checks, None
        if path == "/v1/internal/acl/authorize":
            if not self.guarded:
                return 401, "ACL support disabled", None
            return 200, [dict(right, Allow=not self.denied) for right in request.json()], None
        return 404, "no such thing here", None

    def write(self, request):
        path, name = request.path, request.path.rpartition("/")[2]
        if path == "/v1/agent/service/register":
            self.register(request.json())
        elif path.startswith("/v1/agent/service/deregister/"):
            self.deregister(name)
        elif path.startswith("/v1/agent/service/maintenance/"):
            return self.maintain(name, request.args.get("enable") == "true")
        elif path.startswith("/v1/agent/check/update/"):
            body = request.json()
            return self.update(name, body["Status"], body.get("Output", ""))
        elif path.startswith("/v1/kv/"):
            self.touch()
            if request.method == "DELETE":
                self.keys.pop(path[len("/v1/kv/"):], None)
            else:
                self.keys[path[len("/v1/kv/"):]] = (request.body, self.index)
        else:
            return 404, "no such thing here", None
        return 200, None, None

    def answer(self, request):
        reading = request.method in ("GET", "POST")
        return self.read(request) if reading else self.write(request)

    async def block(self, request):
        """Wait as the query asks.  True if there is something to answer."""
        wanted = int(request.args.get("index") or 0)
        wait = request.args.get("wait", "300s")
        if request.method != "GET" or not wanted or self.index > wanted:
            return True
        try:
            await asyncio.wait_for(self.changed.wait(), float(wait.rstrip("s")))
        except asyncio.TimeoutError:
            return True
        return self.index > wanted


class Server:
    def __init__(self):
        self.agent = Agent()
        self.requests, self.news = [], asyncio.Event()
        self.mode, self.path, self.count, self.until = "ok", "/v1/", None, None
        self.writers = set()
        self.backwards = False

    # ---- faults ----

    def fault(self, request):
        if self.until and time.monotonic() > self.until:
            self.mode, self.until = "ok", None
        return self.mode if request.path.startswith(self.path) else "ok"

    def used_up(self):
        if self.count is not None:
            self.count -= 1
            if self.count <= 0:
                self.mode, self.count = "ok", None

    async def serve(self, request, writer):
        """Answer, or do not: then the connection ends."""
        while True:
            mode = self.fault(request)
            if mode == "ok" and not await self.agent.block(request):
                continue
            if mode in ("hang", "refuse"):
                await self.agent.changed.wait()
                continue
            if self.fault(request) != mode:
                continue
            if mode != "ok":
                self.used_up()
            return await self.fulfil(mode, request, writer)

    async def fulfil(self, mode, request, writer):
        if mode.isdigit():
            return self.reply(writer, int(mode), TEXTS.get(int(mode), "so it is"), 1)
        if mode == "denied":
            blind = request.path.startswith(("/v1/health/", "/v1/kv/"))
            await asyncio.sleep(0.05 if blind else 0)
            return self.reply(writer, *((200, [], self.agent.index) if blind
                                        else self.agent.answer(request)))
        if mode == "backwards":
            self.backwards = not self.backwards
            status, value, _ = self.agent.answer(request)
            return self.reply(writer, status, value, 5 if self.backwards else 1000)
        if mode in ("ok", "spin"):
            return self.reply(writer, *self.agent.answer(request))
        return await getattr(self, "do_" + mode)(request, writer)

    async def do_close(self, _request, _writer):
        return False

    async def do_reset(self, _request, writer):
        reset(writer)
        return False

    async def do_garbage(self, _request, writer):
        return self.reply(writer, 200, b'[{"Node": \xff\xfe{{{', 11)

    async def do_html(self, _request, writer):
        return self.reply(writer, 200, b"<html><body>It works!</body></html>", 11)

    async def do_shape(self, _request, writer):
        return self.reply(writer, 200, {"Node": [1, 2], "Service": None}, 11)

    async def do_empty(self, _request, writer):
        return self.reply(writer, 200, [], self.agent.index)

    async def do_truncated(self, request, writer):
        text = json.dumps(self.agent.answer(request)[1] or [{"Node": NODE}]).encode()
        head = "HTTP/1.1 200 OK\r\nX-Consul-Index: 99\r\nContent-Length: %d\r\n\r\n" % len(text)
        writer.write(head.encode() + text[:len(text) // 2])
        await writer.drain()
        return False

    async def do_huge(self, _request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nX-Consul-Index: 99\r\nConnection: close\r\n\r\n[")
        for _ in range(100):
            writer.write(b'"' + b"x" * (1 << 20) + b'",')
            await writer.drain()
        writer.write(b'""]')
        return False

    async def stream(self, writer, start, part, count):
        writer.write(b"HTTP/1.1 200 OK\r\nX-Consul-Index: 99\r\nConnection: close\r\n\r\n" + start)
        while count:
            writer.write(part)
            await writer.drain()
            count -= 1
        return False

    async def do_endless(self, _request, writer):
        return await self.stream(writer, b"[", b'"' + b"x" * (1 << 16) + b'",', -1)

    async def do_zeros(self, _request, writer):
        return await self.stream(writer, b"[0", b",0" * (1 << 15), 768)

    async def do_deep(self, _request, writer):
        return await self.stream(writer, b"[", b"[" * (1 << 16), 768)

    async def do_drip(self, request, writer):
        text = json.dumps(self.agent.answer(request)[1]).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nX-Consul-Index: 99\r\nContent-Length: %d\r\n\r\n"
                     % len(text))
        for i in range(len(text)):
            writer.write(text[i:i + 1])
            await writer.drain()
            await asyncio.sleep(1)
        return True

    def reset_all(self):
        for writer in list(self.writers):
            reset(writer)

    async def refuse(self, seconds):
        self.listener.close()
        self.reset_all()
        await asyncio.sleep(seconds)
        self.mode = "ok"
        await self.listen(self.port)

    # ---- control ----

    def set_mode(self, body):
        path = body.get("path", "/v1/")
        self.mode, self.path = str(body["mode"]), tuple(path) if isinstance(path, list) else path
        self.count, seconds = body.get("count"), body.get("seconds")
        self.until = time.monotonic() + seconds if seconds else None
        self.agent.denied = self.mode == "denied"
        self.agent.guarded = self.agent.guarded or self.agent.denied
        self.agent.touch()
        if self.mode == "refuse":
            asyncio.get_running_loop().call_later(
                0.01, lambda: asyncio.ensure_future(self.refuse(seconds)))
        elif seconds:
            asyncio.get_running_loop().call_later(seconds + 0.01, self.agent.wake)

    def recorded(self, request):
        path, method = request.args.get("path", ""), request.args.get("method")
        return [r for r in self.requests
                if r["path"].startswith(path) and method in (None, r["method"])]

    async def wait_for_requests(self, request):
        end = time.monotonic() + WAIT_LIMIT
        while len(self.recorded(request)) < int(request.args.get("count", 1)):
            try:
                await asyncio.wait_for(self.news.wait(), end - time.monotonic())
            except asyncio.TimeoutError:
                return 408, self.recorded(request), None
        return 200, self.recorded(request), None

    async def control(self, request):
        verb = request.path[len("/fake/"):]
        if verb == "wait":
            return await self.wait_for_requests(request)
        if verb == "requests":
            return 200, self.recorded(request), None
        if verb == "mode":
            self.set_mode(request.json())
        elif verb == "service":
            body = request.json()
            body.setdefault("Check", {"Status": body.get("Status", "passing")})
            self.agent.register(body)
        elif verb == "check":
            body = request.json()
            return self.agent.update("service:" + body["ID"], body["Status"])
        elif verb == "remove":
            self.agent.deregister(request.json()["ID"])
        elif verb == "lose":
            self.agent.lose()
            asyncio.get_running_loop().call_later(0.01, self.reset_all)
        elif verb == "forget":
            self.requests.clear()
        else:
            return 404, "no such verb", None
        return 200, None, None

    # ---- HTTP ----

    def reply(self, writer, status, value, index=None):
        text = (b"" if value is None else value if isinstance(value, bytes)
                else value.encode() if isinstance(value, str) else json.dumps(value).encode())
        lines = ["HTTP/1.1 %d %s" % (status, WORDS.get(status, "?")),
                 "Content-Length: %d" % len(text)]
        if index is not None:
            lines.append("X-Consul-Index: %d" % index)
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + text)
        return True

    async def read_request(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {k.strip().lower(): v.strip()
                   for k, _, v in (line.partition(":") for line in head[1:]) if k}
        size = int(headers.get("content-length", 0))
        return Request(method, target, headers, await reader.readexactly(size) if size else b"")

    async def on_connection(self, reader, writer):
        self.writers.add(writer)
        try:
            while True:
                request = await self.read_request(reader)
                if request.path.startswith("/fake/"):
                    self.reply(writer, *await self.control(request))
                else:
                    self.requests.append(request.record())
                    self.news.set()
                    self.news = asyncio.Event()
                    if not await self.until_gone(self.serve(request, writer), reader):
                        break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    @staticmethod
    async def until_gone(work, reader):
        """Do the work unless the client disconnects before."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=0.1))[0]:
            if reader.at_eof():
                task.cancel()
                return False
        return task.result()

    async def listen(self, port):
        self.listener = await asyncio.start_server(self.on_connection, "127.0.0.1", port,
                                                   reuse_address=True, backlog=512)
        self.port = self.listener.sockets[0].getsockname()[1]


def reset(writer):
    sock = writer.get_extra_info("socket")
    if sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def main():
    server = Server()
    await server.listen(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(server.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
