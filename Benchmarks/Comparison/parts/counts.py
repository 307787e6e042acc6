"""Instructions and system calls of one request, which do not depend on how busy a machine is.

A worker serves a socket of ours on its standard input. N requests come on one kept connection, then
2N to another worker. What the second took more, by N, is what one request takes.
"""

import json
import re
import socket

from contenders import LOAD_PASSWORD, PASSWORD
from fastcgi import Connection
from figures import markdown
from machine import Folders, Process, Trouble, environment, install, run, say
from postern import Postern


def unknown(connection, count, _):
    for _ in range(count):
        expect(404, connection.ask("GET", "/nothing"))


def job_list(connection, count, tokens):
    headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
    for _ in range(count):
        expect(200, connection.ask("GET", "/job-list", headers))


def verify_token(connection, count, tokens):
    verify(connection, count, {"Authorization": f"Bearer {tokens['accessToken']}"})


def verify_cookie(connection, count, tokens):
    verify(connection, count, {"Cookie": f"__Host-refresh={tokens['refreshToken']}"})


def verify(connection, count, headers):
    for _ in range(count):
        expect(204, connection.ask("GET", "/verify", headers))


def refresh(connection, count, tokens):
    token = tokens["refreshToken"]
    for _ in range(count):
        body = json.dumps({"refreshToken": token})
        token = expect(200, connection.ask("POST", "/refresh-token", body=body))["refreshToken"]


WORKS = {
    "an unknown route": unknown,
    "GET /job-list": job_list,
    "GET /verify by access token": verify_token,
    "GET /verify by cookie": verify_cookie,
    "POST /refresh-token": refresh,
}


def expect(status, answer):
    if answer[0] != status:
        raise Trouble(f"{answer[0]} instead of {status}: {answer[1][:200]!r}")
    return json.loads(answer[1]) if status == 200 else None


class Counted:
    """A worker below a program that counts."""

    def __init__(self, postern, wrapper, name):
        self._path = postern.folders.run / f"{name}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._path))
        listener.listen(16)
        self._process = Process(
            postern.log, *wrapper, postern.program, "worker",
            stdin=listener, env=environment(**postern.settings()),
        )
        listener.close()

    def __enter__(self):
        self._connection = Connection(self._path)
        return self._connection

    def __exit__(self, *_):
        self._connection.close()
        # strace passes nothing on; the worker itself is to end, or nothing is written.
        for pid in reversed(self._process.family()):
            self._process.signal(pid)
        self._process.wait(120)
        self._process.stop()
        self._path.unlink()


def sign_in(postern):
    with Counted(postern, [], "sign-in") as connection:
        body = json.dumps({"username": "load-0", "password": LOAD_PASSWORD})
        mine = expect(200, connection.ask("POST", "/login", body=body))
        body = json.dumps({"username": "alice", "password": PASSWORD})
        return {**mine, "accessToken": expect(200, connection.ask("POST", "/login", body=body))[
            "accessToken"
        ]}


def instructions(postern, work, count):
    file = postern.folders.run / "callgrind.out"
    wrapper = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={file}"]
    tokens = sign_in(postern)
    with Counted(postern, wrapper, "counted") as connection:
        work(connection, count, tokens)
    total = re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.M)
    file.unlink()
    return {"all": int(total[1])}


def system_calls(postern, work, count):
    file = postern.folders.run / "strace.out"
    tokens = sign_in(postern)
    wrapper = ["strace", "-f", "-c", "-U", "name,calls", "-o", file]
    with Counted(postern, wrapper, "counted") as connection:
        work(connection, count, tokens)
    calls = dict(re.findall(r"^ *(\w+) +(\d+)$", file.read_text(), re.M))
    file.unlink()
    calls.pop("total", None)
    return {name: int(number) for name, number in calls.items()}


def of_one(counter, postern, work, count):
    once, twice = (counter(postern, work, times * count) for times in (1, 2))
    return {name: (total - once.get(name, 0)) / count for name, total in twice.items()}


def counts(options):
    install("valgrind", "strace", "binutils")
    folders = Folders()
    try:
        programs = [Postern(options, folders)]
        programs += [Postern(options, folders, name, path) for name, path in options.program]
        instructions_rows, calls_rows = [], []
        for postern in programs:
            postern.prepare()
            # Older valgrinds cannot read the debug information of newer compilers, and give up.
            stripped = folders.data / f"{postern.name}-stripped"
            run("strip", "--strip-debug", "-o", stripped, postern.program)
            postern.program = stripped
        for title, work in WORKS.items():
            for postern in programs:
                say(f"{title}: {postern.name}")
                each = of_one(instructions, postern, work, options.count)
                instructions_rows.append([f"{title}, {postern.name}", f"{each['all']:,.0f}"])
                calls = of_one(system_calls, postern, work, options.count)
                # What comes from a clock and not from requests is less than that.
                calls = {name: number for name, number in calls.items() if number >= 0.05}
                names = ", ".join(
                    f"{name} {number:.3g}"
                    for name, number in sorted(calls.items(), key=lambda one: (-one[1], one[0]))
                )
                calls_rows.append([
                    f"{title}, {postern.name}", f"{sum(calls.values()):.1f}", names
                ])
        yield markdown(["one request", "instructions"], instructions_rows)
        yield markdown(["one request", "system calls", "of them"], calls_rows)
    finally:
        folders.remove()
