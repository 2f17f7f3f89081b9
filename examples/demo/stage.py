"""stage.py - the parts of the demonstration: Consul, containers, and a client that never pauses.

Everything runs on this host, listens at 127.0.0.1 and keeps its files in one temporary folder.
"""
import collections
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = "127.0.0.1"
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
PROGRAMS = ("consul", "nginx", "node", "jq", "hostname", "pgrep", "setpriv", "unshare")

# The children end with the demonstration, however it ends.
MORTAL = ["setpriv", "--pdeathsig", "KILL", "--"]
# A container without an image: a new PID namespace, /proc and host name.
CONTAIN = MORTAL + ["unshare", "--pid", "--mount-proc", "--uts", "--fork", "--kill-child",
                    "sh", "-c", 'hostname "$0" && exec "$@"']

now = time.monotonic


def what_is_missing():
    """Why the demonstration cannot run here, or None."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if missing:
        return f"missing: {' '.join(missing)}; try: tests/setup demo"
    trial = subprocess.run(CONTAIN + ["trial", "true"], env={"PATH": PATH}, capture_output=True, text=True)
    if trial.returncode == 0:
        return None
    if os.geteuid() != 0:
        return "each pilotfish gets namespaces of its own, which only root may make; try: sudo make demo"
    return f"no right to create namespaces ({trial.stderr.strip()}); in a container: docker run --privileged"


claims = []         # sockets whose names mark our ports as taken for other demonstrations


def is_free(port):
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0pilotfish-demo-{port}")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except OSError:
        claim.close()
        return False
    claims.append(claim)
    return True


def free_port(wish=None):
    """A port to listen on: `wish` if it is free, else one below the range for outgoing connections."""
    port = wish or random.randrange(10000, 30000)
    while not is_free(port):
        port = random.randrange(10000, 30000)
    return port


def open_request(port, path, method="GET", body=None):
    """Sends a request; getresponse() returns the answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    connection.request(method, path, body, {"Connection": "close"})
    return connection


def request(port, path, method="GET", body=None):
    """(status, text); status 0 if there was no answer."""
    try:
        connection = open_request(port, path, method, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)


class Program:
    """A program in a new session, so that Ctrl-C reaches only the demonstration."""

    def __init__(self, stage, name):
        self.name = name
        self.log = os.path.join(stage.folder, name + ".log")
        self.process = None

    def start(self, command):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env={"PATH": PATH}, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def pid(self):
        return self.process.pid

    def signal(self, signo):
        if self.is_running() and self.pid():
            os.kill(self.pid(), signo)

    def wait(self, limit):
        """The exit code; None if it still runs after `limit` seconds."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()


class Consul(Program):
    """An agent in dev mode: its data is in memory, so that a restart loses it."""

    def __init__(self, stage):
        super().__init__(stage, "consul")
        self.port = free_port(8500)
        self.address = f"{HOST}:{self.port}"
        self.ui = f"http://{self.address}/ui/"

    def start(self):
        ports = {"http": self.port, "dns": -1, "grpc": -1, "server": free_port(),
                 "serf_lan": free_port(), "serf_wan": free_port()}
        settings = "\n".join(["disable_update_check = true", "performance { raft_multiplier = 1 }",
                              "ports {", *(f"{name} = {port}" for name, port in ports.items()), "}"])
        super().start(MORTAL + ["consul", "agent", "-dev", "-node", "demo", "-bind", HOST, "-client", HOST,
                                "-log-level", "warn", "-hcl", settings])

    def get(self, path):
        """The answer as JSON, or None."""
        status, text = request(self.port, path)
        return json.loads(text) if status == 200 else None

    def put(self, path, text):
        return request(self.port, path, "PUT", text)[0] == 200

    def has_leader(self):
        return self.is_running() and bool(self.get("/v1/status/leader"))

    def passing(self, service):
        """The host names of the service's passing instances, or None if Consul does not answer."""
        entries = self.get(f"/v1/health/service/{service}?passing")
        return entries if entries is None else {entry["Service"]["ID"][len(service) + 1:] for entry in entries}


class Container(Program):
    """A pilotfish as PID 1 with its own host name, and its jobs."""

    def __init__(self, stage, hostname, config):
        super().__init__(stage, hostname)
        self.config = config
        self.pilotfish = stage.pilotfish
        self.init = None

    def start(self):
        super().start(CONTAIN + [self.name, self.pilotfish, "run", "-c", self.config])

    def pid(self):
        """The pid of the container's PID 1 in our namespace; None if it has not started yet."""
        if self.init is None:
            found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
            self.init = int(found.stdout) if found.stdout else None
        return self.init


class App(Container):
    """An instance of the app."""

    def __init__(self, stage, hostname):
        self.port = free_port()
        tmpdir = os.path.join(stage.folder, hostname)
        os.mkdir(tmpdir)
        self.ill = os.path.join(tmpdir, "ill")
        config = stage.fill(f"{HERE}/app/pilotfish.conf", hostname + ".conf", PORT=self.port, TMPDIR=tmpdir,
                            TURNS=stage.turns, SERVER=os.path.join(HERE, "..", "nginx", "app", "server.js"))
        super().__init__(stage, hostname, config)

    def fall_ill(self):
        with open(self.ill, "w"):
            pass

    def recover(self):
        os.unlink(self.ill)


class Nginx(Container):
    """The load balancer."""

    def __init__(self, stage):
        self.port = free_port(8080)
        folder = os.path.join(HERE, "nginx")
        prefix = os.path.join(stage.folder, "nginx")
        os.mkdir(prefix)
        stage.fill(f"{folder}/nginx.conf", "nginx/nginx.conf", PORT=self.port)
        config = stage.fill(f"{folder}/pilotfish.conf", "nginx.conf", PORT=self.port, HERE=folder,
                            PREFIX=prefix)
        super().__init__(stage, "lb", config)


Answer = collections.namedtuple("Answer", "at status instance")


class Client(threading.Thread):
    """Sends requests to nginx without end, each on a new connection, and records the answers and their times."""

    PAUSE = 0.003

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.answers = []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(self.PAUSE):
            status, text = request(self.port, "/")
            instance = text.split()[-1] if status == 200 else None
            self.answers.append(Answer(now(), status, instance))

    def end(self):
        self.over.set()
        if self.is_alive():
            self.join()


class Stage:
    """Starts all parts, and stops them."""

    def __init__(self, pilotfish):
        self.pilotfish = pilotfish
        self.folder = tempfile.mkdtemp(prefix="pilotfish-demo-")
        os.chmod(self.folder, 0o755)            # nginx's workers have another uid
        self.turns = os.path.join(self.folder, "turns")     # written by the singleton job
        self.consul = Consul(self)
        self.nginx = Nginx(self)
        self.client = Client(self.nginx.port)
        self.apps = {}

    def fill(self, source, target, **values):
        """A copy of `source` in our folder, with {{ .NAME }} filled in.  Returns its path."""
        values["CONSUL"] = self.consul.address
        with open(source) as file:
            text = re.sub(r"{{ \.(\w+) }}", lambda found: str(values[found[1]]), file.read())
        target = os.path.join(self.folder, target)
        with open(target, "w") as file:
            file.write(text)
        return target

    def add_apps(self, *hostnames):
        for hostname in hostnames:
            app = self.apps[hostname] = App(self, hostname)
            app.start()

    def job_holders(self):
        """The names of the holders of the singleton job in order, without repetitions."""
        if not os.path.exists(self.turns):
            return []
        with open(self.turns) as file:
            return [name for name, _ in itertools.groupby(file.read().split())]

    def count_turns(self):
        return os.path.getsize(self.turns)

    def lead(self, *arguments):
        """Runs an operator's command on the election.  Returns its output; None: it failed."""
        config = next(iter(self.apps.values())).config
        told = subprocess.run([self.pilotfish, "leader", *arguments, "-c", config], capture_output=True,
                              text=True, timeout=60)
        return told.stdout.strip() if told.returncode == 0 else None

    def clear(self):
        """Stops all parts, and kills those that do not stop.  Returns the names of the killed."""
        self.client.end()
        containers = [self.nginx, *self.apps.values()]
        for container in containers:
            container.signal(signal.SIGTERM)
        deadline = now() + 10
        stubborn = [container.name for container in containers
                    if container.is_running() and container.wait(max(deadline - now(), 0)) is None]
        for program in [*containers, self.consul]:
            program.end()
        return stubborn

    def forget(self):
        shutil.rmtree(self.folder)
