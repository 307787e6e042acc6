"""What a contender takes of the machine: its memory, and the time to its first answer."""

import time

from bench import Bench, in_turn
from figures import markdown, table
from machine import descriptors, memory
from parts.throughput import job_list

# Seconds in which a slow contender has shown whether its memory grows.
LONGEST = 180


def start(options):
    def measure(contender):
        try:
            return 1000 * contender.start(), []
        finally:
            contender.stop()

    with Bench(options, running=False) as bench:
        each = [(one.name, lambda one=one: measure(one)) for one in bench.contenders]
        cells = in_turn(options, "start", each, bench.nginx.renew)
        yield table("from start to first answer", "ms", cells.values(), less_is_better=True)


def memory_of(contender):
    """Of its processes: their number, the largest's resident memory, and all they have together."""
    each = [memory(pid) for pid in contender.process.family()]
    return len(each), max(rss for rss, _ in each), sum(pss for _, pss in each)


def descriptors_of(contender):
    return sum(descriptors(pid) for pid in contender.process.family())


def memory_table(options):
    rows = []
    with Bench(options) as bench:
        for contender in bench.contenders:
            bench.nginx.renew()
            contender.token = contender.access_token()
            count, idle, idle_all = memory_of(contender)
            open_idle = descriptors_of(contender)
            faults, done = [], 0
            begin = time.monotonic()
            while done < options.requests and time.monotonic() - begin < LONGEST and not faults:
                run = job_list(bench, contender)
                done, faults = done + run.requests, run.faults
            _, busy, busy_all = memory_of(contender)
            sizes = [f"{size / 1024:.1f}" for size in (idle, busy, idle_all, busy_all)]
            if faults:
                sizes[1] = sizes[3] = "VOID: " + "; ".join(faults)
            opened = [str(open_idle), str(descriptors_of(contender))]
            rows.append([contender.name, str(count), f"{done:,}", *sizes, *opened])
    yield markdown(
        [
            "MB", "processes", "requests", "largest process, idle", "after the requests",
            "all together, idle", "after the requests", "descriptors, idle", "after the requests",
        ],
        rows,
    )
