"""cluster.py - in network namespaces: three Consul servers, and hosts with an agent and a pilotfish each.

isolate(), called first, moves the program into new namespaces (PID, mount, network).  Addresses are therefore the same
in each run, and all processes end with the program.  Servers are at 10.99.0.1 to .3, hosts at 10.99.0.11 and up, each
connected to one bridge by a veth pair; Cluster.outside() is the bridge.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
PILOTFISH = os.path.join(BUILD, "pilotfish")
PRIMARY = os.path.join(BUILD, "tests", "primary")
BRIDGE, STORE = "10.99.0.254", "10.99.0.200"
SERVERS = ["10.99.0.1", "10.99.0.2", "10.99.0.3"]

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def isolate():
    if os.environ.get("PILOTFISH_ISOLATED") != "yes":
        os.environ["PILOTFISH_ISOLATED"] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                              sys.executable, *sys.argv])
    del os.environ["PILOTFISH_ISOLATED"]


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


class Timeout(Exception):
    pass


def await_that(condition, limit, what):
    """Waits until the condition is true, and returns its value."""
    end_at = time.monotonic() + limit
    while not (result := condition()):
        if time.monotonic() > end_at:
            raise Timeout(f"not within {limit} s: {what}")
        time.sleep(0.01)
    return result


class Program:
    """A process that can be killed, suspended and started again."""

    def __init__(self, log, *command, net=None):
        self.log = log
        self.command = (["nsenter", f"--net=/proc/{net.pid}/ns/net"] if net else []) + list(command)
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def pid(self):
        return self.child.pid

    def signal(self, number):
        if self.is_up():
            os.kill(self.pid, number)

    def is_up(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.child:
            self.child.wait()


class Net:
    """A network namespace with an address on the bridge."""

    def __init__(self, address):
        self.address = address
        self.child = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.pid = self.child.pid
        own = os.readlink("/proc/self/ns/net")
        await_that(lambda: os.readlink(f"/proc/{self.pid}/ns/net") != own and name_of(self.pid) == "sleep",
                   5, "a network namespace")
        self.near = "v" + address.rpartition(".")[2]
        run("ip", "link", "add", self.near, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
        run("ip", "link", "set", self.near, "master", "bridge", "up")
        for words in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            self.enter("ip", *words.split())

    def enter(self, *words):
        run("nsenter", f"--net=/proc/{self.pid}/ns/net", *words)

    def cut(self, addresses):
        """Silently drops all packets to and from these addresses."""
        for address in addresses:
            self.enter("iptables", "-w", "-A", "OUTPUT", "-d", address, "-j", "DROP")
            self.enter("iptables", "-w", "-A", "INPUT", "-s", address, "-j", "DROP")

    def unplug(self):
        run("ip", "link", "set", self.near, "down")

    def heal(self):
        self.enter("iptables", "-w", "-F")
        run("ip", "link", "set", self.near, "up")


class Agent(Program):
    """A Consul agent: a server, or a host's client agent."""

    def __init__(self, cluster, name, net, server=False, **more):
        self.name, self.net, self.is_server = name, net, server
        config = {
            "node_name": name, "bind_addr": net.address, "client_addr": f"{net.address} 127.0.0.1",
            "data_dir": os.path.join(cluster.folder, name), "disable_update_check": True,
            "disable_host_node_id": True, "log_level": "info", "retry_join": SERVERS,
            "retry_interval": "1s", "ports": {"dns": -1, "grpc": -1}, "session_ttl_min": "1s",
            "limits": {"http_max_conns_per_client": 1000}, **more}
        if server:
            config.update(server=True, bootstrap_expect=len(SERVERS))
        path = os.path.join(cluster.folder, name + ".json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(config, file)
        super().__init__(os.path.join(cluster.folder, name + ".log"), "consul", "agent",
                         f"-config-file={path}", net=net)

    def ask(self, path, method="GET", data=None, limit=5):
        """The answer as JSON; None if there is none."""
        body = json.dumps(data).encode() if data is not None else None
        request = urllib.request.Request(f"http://{self.net.address}:8500{path}", body, method=method)
        try:
            with opener.open(request, timeout=limit) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None


class Host:
    """A host with a pilotfish, PID 1 of a PID namespace, and an agent: its own, or one of the servers."""

    def __init__(self, cluster, number, configuration, own_agent):
        self.name = f"c{number}"
        self.net = Net(f"10.99.0.{10 + number}")
        self.agent = cluster.servers[(number - 1) % len(SERVERS)]
        self.address = f"{self.agent.net.address}:8500"
        if own_agent:
            self.agent = Agent(cluster, f"host{number}", self.net)
            self.address = "127.0.0.1:8500"
        path = os.path.join(cluster.folder, self.name + ".conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(configuration(self))
        self.pilotfish = Program(os.path.join(cluster.folder, self.name + ".log"), "unshare", "--pid", "--fork",
                                 "--kill-child", "--mount-proc", "env", "PILOTFISH_LOG_LEVEL=debug",
                                 "PILOTFISH_LOG_FORMAT=json", PILOTFISH, "-c", path, net=self.net)

    def pilotfish_pid(self):
        """The pid in our PID namespace; 0: not running."""
        pids = children_of(self.pilotfish.pid) if self.pilotfish.is_up() else []
        return pids[0] if pids and name_of(pids[0]) == "pilotfish" else 0

    def workload_pids(self):
        return [pid for pid in children_of(self.pilotfish_pid()) if name_of(pid) == "primary"]

    def signal_pilotfish(self, number):
        if pid := self.pilotfish_pid():
            os.kill(pid, number)

    def signal_workload(self, number):
        for pid in self.workload_pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


class Cluster:
    def __init__(self, folder=None, **more):
        self.folder = folder or tempfile.mkdtemp(prefix="pilotfish-cluster.")
        self.hosts = []
        for words in ("link set lo up", "link add bridge type bridge", f"addr add {BRIDGE}/24 dev bridge",
                      f"addr add {STORE}/24 dev bridge", "link set bridge up"):
            run("ip", *words.split())
        self.servers = [Agent(self, f"server{n}", Net(address), True, **more)
                        for n, address in enumerate(SERVERS, 1)]
        for server in self.servers:
            server.start()
        await_that(self.leader, 60, "a leader of the servers")

    def add_hosts(self, count, configuration, own_agents=True):
        self.hosts = [Host(self, number, configuration, own_agents) for number in range(1, count + 1)]
        for host in self.hosts:
            if not host.agent.is_up():
                host.agent.start()
        for host in self.hosts:
            await_that(lambda: self.knows(host.agent.name), 30, f"the agent of {host.name}")

    def knows(self, node):
        answer = self.ask(f"/v1/catalog/node/{node}")
        return bool(answer and answer.get("Node"))

    def ask(self, path, method="GET", data=None):
        """Asks any server that answers."""
        for server in self.servers:
            if server.is_up() and (answer := server.ask(path, method, data, 1)) is not None:
                return answer
        return None

    def leader(self):
        """The leader of the servers, on which two servers must agree."""
        votes = [server.ask("/v1/status/leader", limit=1) for server in self.servers if server.is_up()]
        for server in self.servers:
            if votes.count(f"{server.net.address}:8300") > len(self.servers) / 2:
                return server
        return None
