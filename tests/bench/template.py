#!/usr/bin/env python3
"""template - a template like haproxy's over 200 services of 20 instances, by us and by Go.

All times are processor time.  Go is measured if it is installed, with its structs already filled, so the comparison is
of the rendering alone.
"""
import os
import shutil
import subprocess

from bench import BUILD, HERE, LIMIT, directory, row

ROUNDS = os.environ.get("ROUNDS", "1000")


def figures(*command, limit=6 * LIMIT):
    environment = dict(os.environ, GOCACHE=os.path.join(directory, "go"), GO111MODULE="off")
    output = subprocess.run([*command, ROUNDS], stdout=subprocess.PIPE, text=True, check=True,
                            timeout=limit, env=environment).stdout
    return {name: float(value) for name, value in map(str.split, output.splitlines())}


def times(what, ours, peer, aim):
    row(what, f"{ours / 1000:.3f} ms", f"go {peer / 1000:.3f} ms" if peer else "-",
        f"x {ours / peer:.2f}" if peer else "-", f"< {aim} ms" if aim else "-",
        ours / 1000 < aim if aim else None)


def main():
    ours = figures(os.path.join(BUILD, "tests", "template-bench"))
    go = {}
    if shutil.which("go"):
        go = figures("go", "run", os.path.join(HERE, "template_peer.go"), limit=12 * LIMIT)
    what = f"template, {ours['output'] / 1024:.0f} KB of output: "
    times(what + "parse", ours["parse"], go.get("parse"), 0.2)
    times(what + "render", ours["render"], go.get("render"), 5)
    times(what + "answers parsed and converted, render", ours["whole"], None, None)
    row(f"memory after {ROUNDS} renders", f"{ours['after'] / 1024:.1f} MB",
        f"before {ours['before'] / 1024:.1f} MB", f"{ours['after'] - ours['before']:+.0f} KB", "+ 0.5 MB",
        ours["after"] - ours["before"] < 512)


main()
