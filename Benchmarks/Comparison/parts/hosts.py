"""Rotations a second with 1, 2 and 4 hosts on one store, beside the store's server alone.

Each host is a network namespace with its own nginx and workers, the store another; all are on this
machine's cores, and so are the clients.
"""

import concurrent.futures
import re
import subprocess
import sys
import unittest

from bench import in_turn
from figures import Cell, percentile, read_wrk, table
from load import USERS
from machine import ROOT, Trouble, install, run

sys.path.append(str(ROOT / "Tests/Hosts"))

import stores  # noqa: E402
from cases import open_site  # noqa: E402

COUNTS = (1, 2, 4)


def hosts(options):
    install("iproute2", "util-linux", "redis-server", "redis-tools", "postgresql")
    for store, alone in ((stores.Redis, redis_benchmark), (stores.PostgreSQL, pgbench)):
        try:
            site = open_site(store, max(COUNTS))
        except unittest.SkipTest as reason:
            raise Trouble(str(reason)) from reason
        with site:
            site.start()
            users = [f"load-{number}" for number in range(options.connections)]
            for user in users:
                site.add_user(user)
            yield from tables(options, site, users, alone)


def tables(options, site, users, alone):
    """Rotations a second, and below the time within which 99 of 100 are answered."""
    slowest = {}

    def keeping(name, measure):
        def measured():
            rate, p99, faults = measure()
            slowest.setdefault(name, Cell(name)).add(p99, faults)
            return rate, faults

        return name, measured

    name = site.store.name
    entries = [keeping(alone.__name__.replace("_", "-"), lambda: alone(options, site))]
    entries += [
        keeping(f"{count} host{'s' * (count > 1)}", lambda count=count: rotations(
            options, site, site.hosts[:count], users))
        for count in COUNTS
    ]
    title = f"rotations on one {name}, {len(users)} connections"
    cells = in_turn(options, title, entries)
    limit = cells[entries[0][0]]
    yield table(title, "a second", cells.values(), limit)
    limit = slowest[entries[0][0]]
    yield table(f"{title}: 99 of 100 within", "ms", slowest.values(), limit, less_is_better=True)


def rotations(options, site, hosts, users):
    """By wrk on each host at once, with its part of the users: all together, and the slowest's p99."""
    parts = [users[number::len(hosts)] for number in range(len(hosts))]
    tokens = [
        [site.sign_in(user)["refreshToken"] for user in part] for part in parts
    ]
    with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
        runs = list(pool.map(lambda one: wrk(options, *one), zip(hosts, tokens)))
    faults = [fault for run in runs for fault in run.faults]
    return sum(run.rate for run in runs), max(run.p99 for run in runs), faults


def wrk(options, host, tokens):
    count = len(tokens)
    return read_wrk(run(
        "wrk", "--latency", "--timeout", "10s", "-d", f"{options.seconds}s", "-c", count, "-t", count,
        "-s", USERS, f"http://{host.front}:8080", "--", "/refresh-token", '{"refreshToken":"', '"}',
        "refreshToken", *tokens,
    ), 200)


def redis_benchmark(options, site):
    """The script of a rotation and a document as long as one, for as many keys as there are users."""
    server = site.store
    words = last_script(site)
    digest, document = words[1], words[6]
    for number in range(options.connections):
        server.ask("HSET", f"postern:bench:{{{number:012}}}", "version", "1", "document", document)
    printed = run(
        *server.machine.command("redis-benchmark", "-p", server.PORT), "--csv",
        "-c", options.connections, "-n", 20_000 * options.seconds, "-r", options.connections,
        "EVALSHA", digest, "1", "postern:bench:{__rand_int__}", "1", "1", document, "0",
    )
    # The first field is the command, which has quotes of its own.
    rps, *_, p99, _ = printed.splitlines()[-1].strip('"').split('","')[-7:]
    return float(rps), float(p99), []


def last_script(site):
    """The words of the command that a rotation is, as the server has heard them."""
    server = site.store
    watching = run_while(
        server.machine.command("redis-cli", "-p", server.PORT, "MONITOR"),
        lambda: site.sign_in("first"),
    )
    lines = [line for line in watching.splitlines() if re.search('"EVALSHA".*:tokens:', line)]
    if not lines:
        raise Trouble("the server has heard of no change of a session")
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', lines[-1])
    return [re.sub(r"\\(.)", r"\1", word) for word in words]


def run_while(command, body):
    """What a command prints while `body` runs."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        body()
    finally:
        process.terminate()
    return process.communicate()[0]


def pgbench(options, site):
    """The statement of a rotation, with a document as long as one, for as many rows as users."""
    server = site.store
    site.sign_in("first")
    document = server.ask("select document from postern_documents where collection = 'tokens' limit 1")
    server.ask("delete from postern_documents where collection = 'bench'")
    server.ask(
        "insert into postern_documents (collection, key, version, document, expires) "
        "select 'bench', decode(lpad(to_hex(n), 8, '0'), 'hex'), '1', d.document, null "
        f"from generate_series(1, {options.connections}) n, (select document from "
        "postern_documents where collection = 'tokens' limit 1) d"
    )
    script = server.folder / "rotation.sql"
    script.write_text(
        f"\\set n random(1, {options.connections})\n"
        f"update postern_documents set version = '1', document = :document::jsonb, expires = null where "
        "collection = 'bench' and key = decode(lpad(to_hex(:n::integer), 8, '0'), 'hex') and version = '1';\n"
    )
    log = server.sockets / "pgbench"  # where the server's user may write
    printed = run(
        *server.program(
            "pgbench", "-h", server.sockets, "-U", "postern", "-n", "-M", "prepared",
            "-c", options.connections, "-j", 2, "-T", options.seconds, "-D", f"document={document}",
            "-f", script, "-l",
            "--log-prefix", log, "postgres",
        ), cwd="/",
    )
    times = []
    for file in server.sockets.glob("pgbench.*"):
        times += [int(line.split()[2]) / 1000 for line in file.read_text().splitlines()]
        file.unlink()
    rate = float(re.search(r"tps = ([\d.]+)", printed)[1])
    return rate, percentile(times, 99), []
