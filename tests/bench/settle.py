#!/usr/bin/env python3
"""settle - Consul's leader is killed, with Consul's default raft timing: no leader may be deposed.

Three servers and three hosts, each with an agent and a candidate with the safe profile, in network
namespaces (as root).  Consul has settled when each host's agent answers a consistent read again.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system/helpers"))
from cluster import Cluster, await_that, isolate   # noqa: E402

isolate()
import bench    # noqa: E402
from bench import row   # noqa: E402

ROUNDS = int(os.environ.get("KILLS", "2"))
AFTER = 35          # seconds after which a lock would be lost unless renewed

CONFIG = """
consul = "127.0.0.1:8500";
jobs = ( {{ name = "db"; exec = "sleep 1000"; }} );
elections = ( {{ name = "db"; job = "db"; id = "{id}"; profile = "safe"; onElected = "true"; onDeposed = "true"; }} );
"""


def said(host, event):
    with open(host.pilotfish.log, encoding="utf-8", errors="replace") as log:
        return sum(f'"source":"election.db","event":"{event}"' in line for line in log)


def total(event):
    return sum(said(host, event) for host in cluster.hosts)


def answers(host):
    return host.agent.ask("/v1/kv/service/db/leader?consistent", limit=1)


cluster = Cluster()
cluster.add_hosts(3, lambda host: CONFIG.format(id=host.name))
for host in cluster.hosts:
    host.pilotfish.start()
await_that(lambda: total("elected") == 1 and total("leader") == 3, 60, "a leader")
settled = []
for _ in range(ROUNDS):
    leader = cluster.leader()
    began = time.monotonic()
    leader.kill()
    await_that(lambda: not answers(cluster.hosts[0]), 20, "the loss")
    await_that(lambda: all(answers(host) for host in cluster.hosts), 90, "a new leader of Consul")
    settled.append(time.monotonic() - began)
    leader.start()
    time.sleep(AFTER)
row("settle, Consul's leader killed, safe profile: failovers",
    f"{total('elected') - 1 + total('deposed')} of {ROUNDS}", "", "", "0", total("elected") == 1 and not total("deposed"))
row("settle, Consul's leader killed: until it answers all again", f"{max(settled):.1f} s", "", f"load {os.getloadavg()[0]:.1f}")
