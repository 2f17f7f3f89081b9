#!/usr/bin/env python3
"""reigns.py DIR [OPTION...] - check the reigns that the workloads `primary` recorded in DIR.

Fails if two reigns of an election overlap, or if a reign of a new ID has no higher epoch than the reign before:
    --count N, --min N      there must be N reigns, or at least N
    --name NAME             look at this election only
    --store LOG             the log of fenced-store: the store must have refused only delayed writes of past reigns, and
                            have accepted every write that a primary counts as accepted
    --stopped ID            reigns of ID may overlap, as its pilotfish was stopped past its deadline; the store must
                            then have refused writes of ID, and accepted none below a higher epoch
    --list                  print the reigns
The last line is "N reigns, shortest gap MS".

    --await SECONDS [--of ID | --not ID] [--above EPOCH]
                            instead: wait until exactly one primary has a current heartbeat, with the wanted ID and a
                            higher epoch; prints "ID EPOCH"
"""
import argparse
import collections
import os
import struct
import sys
import time

LAYOUT = struct.Struct("8Q")        # struct reign of primary.c
FIELDS = "name id pid first last epoch beats accepted refused failed over"
Reign = collections.namedtuple("Reign", FIELDS)
Write = collections.namedtuple("Write", "at fresh name epoch id serial")


def read_all(folder, name=None):
    """All reigns, sorted by start."""
    reigns = []
    for file in os.listdir(folder):
        words = file.rsplit(".", 3)
        if len(words) != 4 or not words[3].isdigit() or name not in (None, words[0]):
            continue
        with open(os.path.join(folder, file), "rb") as record:
            text = record.read(LAYOUT.size)
        if len(text) == LAYOUT.size:
            reign = Reign(words[0], words[1], int(words[3]), *LAYOUT.unpack(text))
            if reign.first:         # 0: the file is being written
                reigns.append(reign)
    return sorted(reigns, key=lambda reign: reign.first)


def read_store(path):
    with open(path, encoding="ascii") as log:
        for line in log:
            at, verdict, name, epoch, writer, serial = line.split()
            yield Write(int(at), verdict == "accepted", name, int(epoch), writer, int(serial))


def by_name(reigns):
    elections = collections.defaultdict(list)
    for reign in reigns:
        elections[reign.name].append(reign)
    return elections


def show(reign):
    return (f"{reign.name}: {reign.id} epoch {reign.epoch} from {reign.first / 1e6:.1f} to {reign.last / 1e6:.1f}, "
            f"{reign.beats} beats, {reign.accepted} writes, {reign.refused} refused"
            f"{'' if reign.over else ', killed or still running'}")


def overlaps(reigns):
    """Pairs of reigns, adjacent or not, of which the second began before the end of the first."""
    found, latest = [], None
    for reign in reigns:
        if latest and reign.first <= latest.last:
            found.append((latest, reign))
        if not latest or reign.last > latest.last:
            latest = reign
    return found


def never(reign):
    return False


def faults_of(reigns, excused=never):
    """Messages about faults in the reigns of one election; excused reigns may overlap."""
    for one, other in overlaps(reigns):
        if not excused(one) and not excused(other):
            yield f"two primaries for {(one.last - other.first) / 1e6:.1f} ms: {show(one)} / {show(other)}"
    for one, other in zip(reigns, reigns[1:]):
        if other.epoch < one.epoch or other.epoch == one.epoch and other.id != one.id:
            yield f"epochs do not grow: {show(one)} / {show(other)}"


def faults_of_store(reigns, writes, excused=never):
    """Messages about faults in what the store did and what its clients sent."""
    highest, told = collections.Counter(), collections.Counter()
    by_epoch = {(reign.name, reign.epoch): reign for reign in reigns}
    for write in writes:
        reign = by_epoch.get((write.name, write.epoch))
        if write.fresh:
            told[write.name, write.epoch] += 1
            if write.epoch < highest[write.name]:
                yield f"a stale write was accepted: {write}"
        elif write.epoch >= highest[write.name]:
            yield f"a write was refused without reason: {write}"
        elif reign and write.at < reign.last and not excused(reign):
            yield f"a write of a primary was refused: {write}, {show(reign)}"
        highest[write.name] = max(highest[write.name], write.epoch)
    for reign in reigns:
        if reign.accepted > told[reign.name, reign.epoch]:
            yield f"the store has accepted {told[reign.name, reign.epoch]} writes only: {show(reign)}"
        if reign.refused and not excused(reign):
            yield f"a primary's writes were refused: {show(reign)}"


def gaps(reigns):
    return [(other.first - one.last) / 1e6 for one, other in zip(reigns, reigns[1:])]


def beating(reigns):
    """Reigns with a heartbeat in the last 50 ms."""
    at = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return [reign for reign in reigns if not reign.over and at - reign.last < 50e6]


def await_primary(options):
    end_at = time.monotonic() + options.limit
    while time.monotonic() < end_at:
        found = beating(read_all(options.folder, options.name))
        if (len(found) == 1 and options.of in (None, found[0].id) and options.no != found[0].id and
                found[0].epoch > options.above):
            print(found[0].id, found[0].epoch)
            return 0
        time.sleep(0.005)
    print(*map(show, read_all(options.folder, options.name)), sep="\n", file=sys.stderr)
    print(f"no such primary within {options.limit} s", file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--count", type=int)
    parser.add_argument("--min", type=int, default=0)
    parser.add_argument("--name")
    parser.add_argument("--store")
    parser.add_argument("--stopped", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--await", type=float, dest="limit")
    parser.add_argument("--of")
    parser.add_argument("--not", dest="no")
    parser.add_argument("--above", type=int, default=0)
    options = parser.parse_args()
    if options.limit:
        return await_primary(options)
    reigns = read_all(options.folder, options.name)
    wrong, between = [], []
    excused = lambda reign: reign.id in options.stopped
    for some in by_name(reigns).values():
        wrong += faults_of(some, excused)
        between += gaps(some)
    if options.store:
        wrong += faults_of_store(reigns, read_store(options.store), excused)
    for stopped in options.stopped:
        if not sum(reign.refused for reign in reigns if reign.id == stopped):
            wrong.append(f"no write of {stopped} was refused")
    if options.count not in (None, len(reigns)) or len(reigns) < options.min:
        wrong.append(f"{len(reigns)} reigns, not {options.count or options.min}")
    if options.list or wrong:
        print(*map(show, reigns), sep="\n")
    print(*wrong[:10], sep="\n", end="\n" if wrong else "")
    print(f"{len(reigns)} reigns, shortest gap {min(between, default=0):.1f} ms")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
