#!/usr/bin/env python3
"""upstreams - from a change in Consul to nginx using the new upstreams.

Three real nginx.  A template of pilotfish's writes the configuration of the first; an onChange hook of pilotfish's, a shell
script with jq, that of the second; this driver, without Consul, that of the third: the floor.  All three check
it with nginx -t and reload.  They take turns.  A client asks nginx for its upstreams on new connections without
pause; the time ends with the first answer that has the new set.
"""
import os
import subprocess
import socket
import sys
import time

from bench import (LIMIT, ROOT, Consul, await_that, directory, median, ms, now, percentile, pilotfish, row, start)

ROUNDS = int(os.environ.get("ROUNDS", "30"))
PAUSE = 0.15        # until the last reload is over

consul = Consul()

CONF = """
daemon off;
pid @FOLDER@/pid;
error_log stderr error;
worker_processes 1;
events { }
http {
	access_log off;
	client_body_temp_path @FOLDER@/body;
	proxy_temp_path @FOLDER@/proxy;
	fastcgi_temp_path @FOLDER@/fastcgi;
	scgi_temp_path @FOLDER@/scgi;
	uwsgi_temp_path @FOLDER@/uwsgi;
	upstream app { @SERVERS@ }
	server {
		listen 127.0.0.1:@PORT@;
		location / { proxy_pass http://app; }
		location = /upstreams { return 200 "@NAMES@"; }
	}
}
"""

HOOK = r"""#!/bin/sh
set -e
jq -r --rawfile conf base '
	.instances as $all | $conf |
	sub("@SERVERS@"; $all | map("server \(.address):\(.port);") | join(" ")) |
	sub("@NAMES@"; $all | map(.id) | join(" "))' >new
nginx -e stderr -q -t -c "$PWD/new"
[ -e nginx.conf ] || { mv new nginx.conf; exit; }
mv new nginx.conf
nginx -e stderr -c "$PWD/nginx.conf" -s reload
"""


def fill(text, **values):
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


class Nginx:
    """An nginx that follows a service of its own."""

    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(directory, name)
        self.path = os.path.join(self.folder, "nginx.conf")
        self.port = subprocess.check_output([os.path.join(ROOT, "tests/system/helpers/free-ports"), "1"],
                                            text=True).strip()
        self.conf = fill(CONF, FOLDER=self.folder, PORT=self.port)
        self.stays, self.comes = f"{name}-0", f"{name}-1"
        self.took = {"register": [], "deregister": []}
        os.mkdir(self.folder)
        consul.register(name, self.stays, 8001)
        self.start()
        await_that(lambda: self.serves_by() == [self.stays])

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def serves_by(self):
        """The IDs of its upstreams; None: it does not answer."""
        try:
            with socket.create_connection(("127.0.0.1", int(self.port)), LIMIT) as connection:
                connection.sendall(b"GET /upstreams HTTP/1.0\r\n\r\n")
                answer = b""
                while piece := connection.recv(65536):
                    answer += piece
        except OSError:
            return None
        return sorted(answer.decode().partition("\r\n\r\n")[2].split())

    def measure(self, what, since, names):
        while self.serves_by() != names:
            if now() > since + LIMIT * 10**9:
                sys.exit(f"upstreams: {self.name} does not serve by {names} but by {self.serves_by()}")
        self.took[what].append((now() - since) / 1e6)
        time.sleep(PAUSE)

    def turn(self):
        self.measure("register", self.add(), [self.stays, self.comes])
        self.measure("deregister", self.remove(), [self.stays])

    def add(self):
        return consul.register(self.name, self.comes, 8002)

    def remove(self):
        return consul.deregister(self.comes)

    def pilotfish(self, what, source, event):
        pilotfish(f"""
            consul = "{consul.address}";
            {what}
            jobs = ( {{ name = "nginx"; exec = "nginx -e stderr -c {self.path}"; stopSignal = "SIGQUIT";
                        when = {{ source = "{source}"; once = "{event}"; }}; essential = true; }} );
            """, self.name)


class ByTemplate(Nginx):
    def start(self):
        services = f'{{{{ range service "{self.name}" }}}}'
        source = self.write("ctmpl", fill(self.conf,
                                          SERVERS=services + "server {{ .Address }}:{{ .Port }}; {{ end }}",
                                          NAMES=services + "{{ .ID }} {{ end }}"))
        self.pilotfish(f"""
            templates = ( {{ name = "conf"; source = "{source}"; destination = "{self.path}";
                             check = "nginx -e stderr -q -t -c %f";
                             exec = "nginx -e stderr -c {self.path} -s reload"; }} );
            """, "template.conf", "rendered")


class ByHook(Nginx):
    def start(self):
        self.write("base", self.conf)
        hook = self.write("hook", HOOK, 0o755)
        self.pilotfish(f"""
            watches = ( {{ name = "{self.name}"; onChange = {{ exec = "{hook}"; cwd = "{self.folder}"; }}; }} );
            """, f"{self.name}.onChange", "exitSuccess")


class ByHand(Nginx):
    """Writing, checking and reloading alone."""

    def start(self):
        self.put(self.stays)
        self.nginx = start("nginx", "-e", "stderr", "-c", self.path)

    def put(self, *names):
        self.write("new", fill(self.conf, SERVERS="".join(f"server 127.0.0.1:{8001 + i}; " for i in range(len(names))),
                               NAMES=" ".join(names)))
        subprocess.run(["nginx", "-e", "stderr", "-q", "-t", "-c", self.path.replace("nginx.conf", "new")], check=True)
        os.rename(os.path.join(self.folder, "new"), self.path)

    def reload(self, *names):
        since = now()
        self.put(*names)
        subprocess.run(["nginx", "-e", "stderr", "-c", self.path, "-s", "reload"], check=True,
                       stderr=subprocess.DEVNULL)
        return since

    def add(self):
        return self.reload(self.stays, self.comes)

    def remove(self):
        return self.reload(self.stays)


def report(what, template, hook, floor):
    for peer, values in (("onChange hook", hook), ("nginx alone", floor)):
        row(f"upstreams: {what}, template, median of {len(template)}", ms(median(template)),
            f"{peer} {ms(median(values))}", f"{median(template) - median(values):+.1f} ms")
        row(f"upstreams: {what}, template, p90", ms(percentile(template, 90)),
            f"{peer} {ms(percentile(values, 90))}", f"{percentile(template, 90) - percentile(values, 90):+.1f} ms")


began = time.monotonic()
players = [ByTemplate("template"), ByHook("hook"), ByHand("alone")]
for _ in range(ROUNDS):
    for player in players:
        player.turn()
for kind in ("register", "deregister"):
    report(kind, *(player.took[kind] for player in players))
print(f"upstreams: {time.monotonic() - began:.0f} s", file=sys.stderr)
