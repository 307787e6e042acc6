"""Changes of documents in Redis a second, beside a bare redis-benchmark of the same script."""

import csv
import io

from bench import in_turn
from figures import table
from machine import Folders, Process, built, free_port, install, run, wait_until

USERS = 1000
CLIENTS = (1, 4, 16)
SETTINGS = {
    "appendfsync always": ["--appendonly", "yes", "--appendfsync", "always"],
    "no appendonly": ["--appendonly", "no"],
}
DOCUMENT = "x" * 1500
KEY = "bare:{__rand_int__}"


class Redis:
    """One server, for as long as the `with` lasts."""

    def __init__(self, settings):
        self.folders = Folders()
        self.port = free_port()
        self._process = Process(
            self.folders.run / "log", "redis-server", "--port", self.port, "--bind", "127.0.0.1",
            "--dir", self.folders.data, "--save", "", *settings,
        )

    def __enter__(self):
        wait_until(self._answers, self._process)
        return self

    def __exit__(self, *_):
        self._process.stop()
        self.folders.remove()

    def cli(self, *command, **options):
        return run("redis-cli", "-p", self.port, *command, **options)

    def _answers(self):
        try:
            return self.cli("PING") == "PONG\n"
        except Exception:  # until it listens
            return False

    def bare(self, clients, requests, *command):
        """Requests a second."""
        shown = run(
            "redis-benchmark", "-p", self.port, "-c", clients, "-n", requests, "-r", USERS, "--csv",
            *command,
        )
        return float(list(csv.reader(io.StringIO(shown)))[1][1])


def redis(options):
    install("redis-server", "redis-tools")
    own = built("ChangesBenchmark")
    digest = run(own).strip()
    for name, settings in SETTINGS.items():
        with Redis(settings) as server:
            # Makes the documents, and loads the script.
            run(own, f"redis://127.0.0.1:{server.port}", 4, 1)
            lines = [f"HSET bare:{{{user:012}}} version v document {DOCUMENT}" for user in range(USERS)]
            server.cli(input="\n".join(lines))
            # The version stays the same, so that each change is made.
            change = ("EVALSHA", digest, "1", KEY, "v", "v", DOCUMENT, "0")
            read = ("HMGET", KEY, "version", "document")
            for clients in CLIENTS:
                yield compared(options, name, server, own, clients, change, read)


def compared(options, name, server, own, clients, change, read):
    def timed(command):
        """As many as it does in the time that a run has."""
        rate = server.bare(clients, 1000, *command)
        return server.bare(clients, max(1000, int(rate * options.seconds)), *command)

    def both():
        """A read, then a change, by each client in turn."""
        return 1 / (1 / timed(read) + 1 / timed(change)), []

    def postern():
        shown = run(own, f"redis://127.0.0.1:{server.port}", clients, options.seconds)
        return float(shown.split()[0]), []

    title = f"changes of {USERS} users' documents, {name}, {clients} clients"
    entries = [
        ("redis-benchmark, the script", lambda: (timed(change), [])),
        ("redis-benchmark, a read and the script", both),
        ("postern", postern),
    ]
    cells = in_turn(options, title, entries)
    return table(title, "a second", cells.values(), cells["redis-benchmark, the script"])
