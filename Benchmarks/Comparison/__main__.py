"""Measures Postern beside others and beside what the machine can do at all. See README."""

import argparse
import signal
import sys

import bench
from machine import Trouble, install, say
from parts import counts, hosts, postgresql, processes, redis, refreshes, signins, throughput

PARTS = {
    "http": (throughput.http, "requests a second: an unknown route, GET /job-list"),
    "verify": (throughput.verify, "requests a second: GET /verify by token and by cookie"),
    "connections": (throughput.connections, "GET /job-list at 1 to 256 connections; a plot"),
    "refresh": (refreshes.refresh, "refreshes a second, and the time of one"),
    "users": (refreshes.users, "refreshes a second at 1000 to 1,000,000 users; a plot"),
    "login": (signins.login, "sign-ins a second, and how long others wait beside them"),
    "memory": (processes.memory_table, "memory, idle and after a million requests"),
    "start": (processes.start, "milliseconds from start to the first answer"),
    "postgresql": (postgresql.postgresql, "changes a second in PostgreSQL, beside a bare pgbench"),
    "hosts": (hosts.hosts, "refreshes a second of 1, 2 and 4 hosts on one Redis, one PostgreSQL"),
    "redis": (redis.redis, "changes a second in Redis, beside a bare redis-benchmark"),
}

NUMBERS = [
    ("rounds", 5, "of each work"),
    ("seconds", 5, "of each run"),
    ("connections", 16, "that are open at a time"),
    ("users", 100_000, "in the store, for refresh"),
    ("most-users", 1_000_000, "in the store, for users"),
    ("most-connections", 256, "for connections"),
    ("pace", 200, "of GET /job-list a second, for login"),
    ("requests", 1_000_000, "for memory"),
]


def program(text):
    name, found, path = text.partition("=")
    if not found or not name or name in bench.NAMES:
        raise argparse.ArgumentTypeError("NAME=PATH, with a name that no other contender has")
    return name, path


def names(text):
    wanted = text.split(",")
    for name in wanted:
        if name not in bench.NAMES:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(bench.NAMES)}")
    return wanted


def parsed():
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Prints tables in Markdown: medians, the least and the most of all rounds, and "
        "the ratio to the limit of the machine. What it is doing goes to standard error. A run in "
        "which any answer is not what it should be is VOID.",
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    compare = kinds.add_parser(
        "compare", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures in rounds, one contender after the other in each.\n\nparts:\n"
        + "\n".join(f"  {name:<12} {about}" for name, (_, about) in PARTS.items())
        + "\n\ncontenders: " + ", ".join(bench.NAMES),
        epilog="POSTERN_PROGRAM names a built program to measure as postern.",
    )
    compare.add_argument("parts", nargs="*", metavar="PART", help="without one, all of them")
    for name, value, about in NUMBERS:
        compare.add_argument(
            f"--{name}", type=int, metavar="N", default=value, help=f"{about} [%(default)s]"
        )
    compare.add_argument("--only", type=names, metavar="A,B", help="leave the others out")
    compare.add_argument(
        "--plots", default="Docs", metavar="FOLDER", help="where plots go [%(default)s]"
    )
    count = kinds.add_parser(
        "counts", description="Counts the instructions and system calls of one request."
    )
    count.add_argument(
        "--count", type=int, metavar="N", default=200,
        help="requests of one run; the other has twice as many [%(default)s]",
    )
    for one in (compare, count):
        one.add_argument(
            "--program", type=program, action="append", default=[], metavar="NAME=PATH",
            help="another built postern as a further contender; may be repeated",
        )
    options = parser.parse_args()
    if options.kind == "compare":
        unknown = [name for name in options.parts if name not in PARTS]
        if unknown:
            compare.error(f"{', '.join(unknown)}: the parts are {', '.join(PARTS)}")
        if min(options.rounds, options.seconds, options.connections) < 1:
            compare.error("rounds, seconds and connections are 1 or more")
    return options


def main():
    # What was started is stopped, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parsed()
    if options.kind == "counts":
        options.load_users, options.users, options.connections = 1, 0, 1
        work = [counts.counts]
    else:
        install("nginx", "wrk")
        work = [PARTS[name][0] for name in options.parts or PARTS]
        options.load_users = max(options.connections, 3)
    for part in work:
        own = argparse.Namespace(**vars(options))
        if part is not refreshes.refresh:
            own.users = 0
        for shown in part(own):
            print(shown + "\n", flush=True)


try:
    main()
except Trouble as trouble:
    say(str(trouble))
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
