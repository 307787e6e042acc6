"""Changes of documents in PostgreSQL a second, beside a bare pgbench of the same statements."""

import os
import pathlib
import re
import shutil

from bench import in_turn
from figures import table
from machine import Folders, Process, Trouble, built, install, run, wait_until

USERS = 1000
CONNECTIONS = (1, 4, 16)
DOCUMENT = '{"count": 1, "text": "%s", "endsAt": 4000000000}' % ("x" * 1450)
# The version stays the same, so that each change is made.
FILL = f"""
insert into postern_documents select 'bare', convert_to(n::text, 'UTF8'), 'v', '{DOCUMENT}', now()
from generate_series(0, {USERS - 1}) n on conflict do nothing
"""
WHERE = "where collection = 'bare' and key = convert_to(:user::text, 'UTF8')"
READ = f"select version, document from postern_documents {WHERE}"
CHANGE = f"""update postern_documents set version = 'v', document = :document::jsonb, \
expires = to_timestamp(4000000000::float8) {WHERE} and version = 'v'"""
SCRIPTS = {
    "pgbench, the change": [CHANGE],
    "pgbench, a read and the change": [READ, CHANGE],
    "pgbench, select for update in a transaction": ["begin", READ + " for update", CHANGE, "commit"],
}


class PostgreSQL:
    """One server, for as long as the `with` lasts. It refuses to run as root."""

    def __init__(self):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not found:
            raise Trouble("there is no /usr/lib/postgresql")
        self._programs = found[-1].parent
        self._folders = Folders()
        self.place = self._folders.data
        self.url = f"postgresql://postern@/postgres?host={self._folders.run}"
        other = []
        if os.getuid() == 0:
            other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            for folder in (self._folders.data, self._folders.run):
                shutil.chown(folder, "postgres")
        data = self.place / "postgresql"
        run(*other, self._programs / "initdb", "-D", data, "-A", "trust", "-U", "postern", cwd="/")
        self._process = Process(
            self._folders.data / "log", *other, self._programs / "postgres", "-D", data, "-k",
            self._folders.run, "-c", "listen_addresses=", cwd="/",
        )

    def __enter__(self):
        wait_until(self._answers, self._process)
        return self

    def __exit__(self, *_):
        self._process.stop()
        self._folders.remove()

    def sql(self, text):
        return run(self._programs / "psql", "-qXAt", self.url, "-c", text)

    def _answers(self):
        try:
            run(self._programs / "pg_isready", "-q", "-d", self.url)
            return True
        except Trouble:
            return False

    def bare(self, connections, seconds, statements):
        """How often it ran the statements in a second."""
        script = self._folders.data / "script"
        script.write_text(f"\\set user random(0, {USERS - 1})\n" + ";\n".join(statements) + ";\n")
        shown = run(
            self._programs / "pgbench", "-n", "-M", "prepared", "-c", connections, "-j",
            min(connections, 2), "-T", seconds, "-D", f"document={DOCUMENT}", "-f", script, self.url,
        )
        faults = []
        found = re.search(r"number of failed transactions: (\d+)", shown)
        if found and found[1] != "0":
            faults.append(f"failed × {found[1]}")
        return float(re.search(r"tps = ([\d.]+)", shown)[1]), faults


def postgresql(options):
    install("postgresql")
    own = built("ChangesBenchmark")
    with PostgreSQL() as server:
        # Makes the table and the documents.
        run(own, server.url, 1, 0.1)
        server.sql(FILL)
        for connections in CONNECTIONS:
            yield compared(options, server, own, connections)


def compared(options, server, own, connections):
    entries = [
        (name, lambda statements=statements: server.bare(connections, options.seconds, statements))
        for name, statements in SCRIPTS.items()
    ]
    entries.append(
        ("postern", lambda: (float(run(own, server.url, connections, options.seconds).split()[0]), []))
    )
    title = f"changes of {USERS} users' documents, {connections} connections"
    cells = in_turn(options, title, entries)
    return table(title, "a second", cells.values(), cells["pgbench, the change"])
