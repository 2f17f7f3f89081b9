"""The records of the nodes in Consul's KV store, below service/mysql/.

  leader     the lock of the election, written by pilotfish
  primary    {id, epoch, sync, floor, ended}    sync: a commit is on a replica before the client gets the
             acknowledgement; floor: a node below this position may not lead; ended: nothing after it was acknowledged.
             Without sync only the node `id` may lead.
  nodes/ID   {state, position}    follows: the node may have acknowledged more than we know;
             stopped, left: it has acknowledged nothing after `position`; leads: it is, or was, the primary;
             forgotten: an administrator has given up what only this node may have
  bootstrap, snapshot             locks for work that only one node does
  snapshot-wanted                 the ID of a node for which the newest snapshot is too old
"""
import base64
import contextlib
import json
import socket
import threading

from base import ENV, ID, Refusal, secret

CONSUL = ENV.get("CONSUL", "consul:8500")
KV = "/v1/kv/service/mysql/"
LOCK_TTL = 10                   # seconds, Consul's least


def exchange(request, seconds):
    """HTTP/1.0: reads until the server closes.  (Importing Python's own client takes longer than all the rest.)"""
    host, _, port = CONSUL.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(request)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def ask(method, path, body=None, wait=0):
    """(the answer, its index); the answer is None if the object does not exist, False if Consul refused (409)."""
    body = b"" if body is None else json.dumps(body).encode()
    token = secret("CONSUL_HTTP_TOKEN")
    head = f"{method} {path} HTTP/1.0\r\nContent-Length: {len(body)}\r\n" + \
        (f"X-Consul-Token: {token}\r\n" if token else "")
    try:
        status, headers, text = exchange(f"{head}\r\n".encode() + body, wait + 5)
    except (OSError, ValueError, IndexError) as problem:
        raise Refusal(f"Consul: {problem}") from None
    if status == 409:
        return False, 0
    if status not in (200, 404):
        raise Refusal(f"Consul: {status} {text.decode(errors='replace').strip()}")
    return json.loads(text or b"null") if status == 200 else None, int(headers.get("x-consul-index", 0))


def value_of(entry):
    try:
        return json.loads(base64.b64decode(entry["Value"] or ""))
    except ValueError:
        return {}


def look(key, index=0, wait=0):
    """(value or None, index); with an index waits for a change."""
    found, index = ask("GET", f"{KV}{key}?consistent&index={index}&wait={wait}s", wait=wait * 1.1)
    return value_of(found[0]) if found else None, index


def get(key):
    return look(key)[0]


def put(key, value):
    ask("PUT", KV + key, value)


def delete(key):
    ask("DELETE", KV + key)


def nodes(index=0, wait=0):
    """({id: record}, index); with an index waits for a change."""
    found, index = ask("GET", f"{KV}nodes/?recurse&consistent&index={index}&wait={wait}s", wait=wait * 1.1)
    return {entry["Key"].rpartition("/")[2]: value_of(entry) for entry in found or ()}, index


def nodes_but_us(index=0, wait=0):
    records, index = nodes(index, wait)
    records.pop(ID, None)
    return records, index


def holder():
    """(the lock's value, its session) while the lock is held, else (None, None)."""
    found, _ = ask("GET", f"{KV}leader?consistent")
    if not found or not found[0].get("Session"):
        return None, None
    return value_of(found[0]), found[0]["Session"]


def publish_primary(state, **primary):
    """Publishes the primary's state, if we still hold the lock."""
    value, session = holder()
    if not value or value.get("id") != ID:
        raise Refusal("the lock is not ours")

    def operation(verb, key, **more):
        return {"KV": dict(more, Verb=verb, Key="service/mysql/" + key)}

    def encoded(value):
        return base64.b64encode(json.dumps(value).encode()).decode()

    answer, _ = ask("PUT", "/v1/txn", [
        operation("check-session", "leader", Session=session),
        operation("set", "primary", Value=encoded(dict(primary, id=ID, epoch=epoch()))),
        operation("set", f"nodes/{ID}", Value=encoded(state))])
    if not answer:
        raise Refusal("the lock is not ours any more")


def epoch():
    """The leader's epoch; in a hook of an election: ours."""
    return int(ENV.get("PILOTFISH_ELECTION_EPOCH") or (holder()[0] or {}).get("epoch") or 0)


@contextlib.contextmanager
def lock(name):
    """Yields True if we got the lock.  It outlives this process by the session's TTL, which Consul may double."""
    session = ask("PUT", "/v1/session/create", {"Name": name, "TTL": f"{LOCK_TTL}s", "LockDelay": "1s",
                                                "Behavior": "delete", "Checks": []})[0]["ID"]
    done = threading.Event()
    threading.Thread(target=renew, args=(session, done), daemon=True).start()
    try:
        yield ask("PUT", f"{KV}{name}?acquire={session}", {"id": ID})[0]
    finally:
        done.set()
        ask("PUT", f"/v1/session/destroy/{session}")


def renew(session, done):
    while not done.wait(LOCK_TTL / 3):
        with contextlib.suppress(Refusal):
            ask("PUT", f"/v1/session/renew/{session}")


def registered():
    """The nodes whose pilotfish is alive, or was a minute ago."""
    services, _ = ask("GET", "/v1/catalog/service/mysql-election?consistent")
    return {service["ServiceID"].removeprefix("mysql-election-") for service in services}


def leads():
    value, _ = holder()
    return bool(value and value.get("id") == ID and value.get("epoch"))
