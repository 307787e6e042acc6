"""Refreshes: each is on disk before it is answered."""

import pathlib

from bench import Bench, in_turn
from contenders import compiled
from figures import curves, markdown, number, table, wide
from load import wrk_users
from machine import run
from parts.processes import memory_of
from plot import lines

SIGNS_IN = ["django", "postern"]


class Commits:
    """What the file system itself can do: Contenders/Limits/commits.c."""

    name = "file system"

    def __init__(self, bench):
        self._bench = bench
        self._program = compiled(bench.folders, "commits", "libc6-dev")
        self._folder = bench.folders.data / "commits"
        self._folder.mkdir()

    def measure(self, processes):
        """Commits a second of all, and the median of one in milliseconds."""
        seconds = self._bench.options.seconds
        printed = run(self._program, self._folder, processes, seconds)
        return [float(part) for part in printed.split()]


def refreshes(bench, contender, users, sessions=1):
    """Each user has as many sessions, and each session a connection of its own."""
    tokens = [
        token for number in range(users) for token in contender.sign_in(f"load-{number}", sessions)
    ]
    field = contender.refresh_field
    return wrk_users(
        contender.port, "/refresh-token", bench.options.seconds, tokens, f'{{"{field}":"', '"}',
        field,
    )


def entries(bench, commits, processes, work, limit_value, value):
    limit = [(commits.name, lambda: (limit_value(commits.measure(processes)), []))]
    return limit + [
        (one.name, lambda one=one: (lambda done: (value(done), done.faults))(work(one)))
        for one in bench.contenders
    ]


def refresh(options):
    users = options.load_users
    with Bench(options, SIGNS_IN) as bench:
        commits = Commits(bench)
        for title, processes, work in (
            (f"refreshes of {users} users", users, lambda one: refreshes(bench, one, users)),
            # Sessions of one user are one file, and wait for each other.
            ("refreshes of 15 sessions of 3 users", 3, lambda one: refreshes(bench, one, 3, 5)),
        ):
            each = entries(
                bench, commits, processes, work, lambda both: both[0], lambda done: done.rate
            )
            cells = in_turn(options, title, each, bench.nginx.renew)
            yield table(title, "refreshes a second", cells.values(), cells[commits.name])
        title = "one refresh, alone"
        each = entries(
            bench, commits, 1, lambda one: refreshes(bench, one, 1),
            lambda both: both[1], lambda done: done.median,
        )
        cells = in_turn(options, title, each, bench.nginx.renew)
        yield table(title, "ms", cells.values(), cells[commits.name], less_is_better=True)


def users(options):
    """Refreshes at more and more users in the store, and a plot of it; what their workers take."""
    sizes = [size for size in (10**3, 10**4, 10**5, 10**6) if size <= options.most_users]
    options.users = 0
    load = options.load_users
    with Bench(options, ["postern"]) as bench:
        commits = Commits(bench)
        columns, taken = [], []
        for size in sizes:
            for contender in bench.contenders:
                contender.fill(size)
                contender.stop()
                contender.start()
            title = f"refreshes at {size:,} users"
            each = entries(
                bench, commits, load, lambda one: refreshes(bench, one, load),
                lambda both: both[0], lambda done: done.rate,
            )
            cells = in_turn(options, title, each, bench.nginx.renew)
            columns.append((size, cells))
            taken += [taken_by(contender, size) for contender in bench.contenders]
    yield wide(f"refreshes a second of {load} users, by users in the store", columns)
    yield markdown(["after it", "users", "largest process, MB", "start to first answer, ms"], taken)
    file = pathlib.Path(options.plots) / "refreshes-by-users.svg"
    file.write_text(lines("POST /refresh-token", "users", "refreshes a second", curves(columns)))
    yield f"![Refreshes a second against users]({file})"


def taken_by(contender, users):
    """Its largest process after the refreshes, and how long it takes to start again."""
    _, largest, _ = memory_of(contender)
    contender.stop()
    start = 1000 * contender.start()
    return [contender.name, f"{users:,}", f"{largest / 1024:.1f}", number(start)]
