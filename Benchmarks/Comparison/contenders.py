"""Everybody who is measured. Each serves on a Unix socket, behind the same nginx."""

import json
import os
import time

import nginx
from load import call, post, signed
from machine import CONTENDERS, CORES, ROOT, Process, Trouble, environment, install, run, wait_until

PASSWORD = "postern-demo"
# Of the users who are added: postern takes no new one that is easy to guess.
LOAD_PASSWORD = "wind over the cedar gate"
SECRET = "qH7vX2mNc9Lr4TzWb8KpJ5yGd1Fs6Ae3"
JOBS = CONTENDERS / "jobs.json"


class Contender:
    """One of them. The driver calls `prepare`, then `start` and `stop` as often as it likes."""

    name = ""
    way = nginx.HTTP
    script = ""
    signs_in = False
    # The limit answers all alike.
    answers_all = False

    def __init__(self, options, folders):
        self.options = options
        self.folders = folders
        self.socket = folders.run / f"{self.name}.sock"
        self.log = folders.run / f"{self.name}.log"
        self.process = None
        self.port = None

    def prepare(self):
        """Installs, builds and fills what it needs."""

    def command(self):
        raise NotImplementedError

    def settings(self):
        return {"BENCH_SECRET": SECRET, "BENCH_SOCKET": self.socket, "BENCH_JOBS": JOBS}

    def start(self):
        """Returns after how many seconds the first answer came."""
        begin = time.monotonic()
        self.socket.unlink(missing_ok=True)
        self.process = Process(self.log, *self.command(), env=environment(**self.settings()))
        wait_until(self._answers, self.process)
        return time.monotonic() - begin

    def _answers(self):
        try:
            return call(self.port, "GET", "/nothing")[0] not in (502, 504)
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def access_token(self):
        """Good for `GET /job-list` and all the time that it takes."""
        (owner,) = json.loads(JOBS.read_text())
        now = int(time.time())
        return signed(
            {"sub": owner, "iat": now, "exp": now + 86_400, "jti": "0f4c", "token_type": "access"},
            SECRET,
        )

    def check(self):
        """That it does the work: three jobs for a good token, nothing for others."""
        bearer = f"Bearer {self.access_token()}"
        status, body = call(self.port, "GET", "/job-list", {"Authorization": bearer})
        jobs = json.loads(body) if status == 200 else []
        if len(jobs) != 3 or not 600 < len(body) < 900:
            raise Trouble(f"{self.name}: GET /job-list: {status} {body[:200]!r}")
        if self.answers_all:
            return
        forged = bearer[:-8] + ("AAAAAAAA" if bearer[-8:] != "AAAAAAAA" else "BBBBBBBB")
        for header, path, expected in (
            ({}, "/job-list", 401), ({"Authorization": forged}, "/job-list", 401),
            ({}, "/nothing", 404),
        ):
            status, body = call(self.port, "GET", path, header)
            if status != expected:
                raise Trouble(f"{self.name}: GET {path} without a token: {status} {body[:200]!r}")


class Limit(Contender):
    """libfcgi alone; a thread for each connection, since it blocks on one while it is kept."""

    name = "libfcgi"
    way = nginx.FASTCGI
    answers_all = True

    def prepare(self):
        self._program = compiled(self.folders, "responder", "libfcgi-dev", "-lfcgi")
        self._answer = self.folders.run / "answer"
        self._answer.write_bytes(self.answer().replace("\n", "\r\n").encode())

    def answer(self):
        (jobs,) = json.loads(JOBS.read_text()).values()
        body = json.dumps(jobs, separators=(",", ":"))
        return f"Status: 200\nContent-Type: application/json\n\n{body}"

    def command(self):
        threads = self.options.connections // CORES + 8
        return [self._program, self.socket, self._answer, CORES, threads]


class EmptyLimit(Limit):
    """The same with nothing to say."""

    def answer(self):
        return "Status: 204\n\n"

    def check(self):
        status, body = call(self.port, "GET", "/verify")
        if status != 204 or body:
            raise Trouble(f"{self.name}: GET /verify: {status} {body[:200]!r}")


class Go(Contender):
    name = "go"
    mode = "http"

    def prepare(self):
        install("golang-go", "golang-github-golang-jwt-jwt-dev")
        self._program = self.folders.programs / "go"
        # Debian's packages of Go are sources in a GOPATH.
        places = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
        run(
            "go", "build", "-o", self._program, CONTENDERS / "Go/main.go",
            env=environment(**places),
        )

    def command(self):
        return [self._program, self.mode, self.socket]


class GoFastCGI(Go):
    name = "go-fcgi"
    mode = "fcgi"
    way = nginx.CGI
    script = "/"


class Express(Contender):
    name = "express"

    def prepare(self):
        install("nodejs", "node-express", "node-jose")

    def command(self):
        return ["node", CONTENDERS / "Express/server.js"]

    def settings(self):
        return {
            **super().settings(), "NODE_ENV": "production", "NODE_PATH": "/usr/share/nodejs",
        }


class Hummingbird(Contender):
    name = "hummingbird"

    def prepare(self):
        build = [
            "swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "Contender",
            "--package-path", CONTENDERS / "Hummingbird2",
            "--scratch-path", ROOT / ".build-hummingbird",
        ]
        run(*build)
        self._program = run(*build, "--show-bin-path").strip() + "/Contender"

    def command(self):
        return [self._program]


class PHP(Contender):
    """A process for each connection, since it blocks on one while it is kept."""

    name = "php"
    way = nginx.CGI
    script = CONTENDERS / "PHP/index.php"

    def prepare(self):
        install("php-fpm")
        programs = [
            name for name in sorted(os.listdir("/usr/sbin")) if name.startswith("php-fpm")
        ]
        if not programs:
            raise Trouble("php-fpm is not in /usr/sbin")
        self._program = f"/usr/sbin/{programs[-1]}"
        self._file = self.folders.run / "php-fpm.conf"
        user = run("id", "-un").strip()
        self._file.write_text(
            f"[global]\nerror_log = {self.log}\ndaemonize = no\n"
            f"[www]\nuser = {user}\nlisten = {self.socket}\nlisten.backlog = 4096\n"
            f"pm = static\npm.max_children = {self.options.connections + 8}\n"
            f"env[BENCH_SECRET] = {SECRET}\nenv[BENCH_JOBS] = {JOBS}\n"
        )

    def command(self):
        return [self._program, "--nodaemonize", "--allow-to-run-as-root", "-y", self._file]


class Django(Contender):
    name = "django"
    signs_in = True
    refresh_field = "refresh"

    def prepare(self):
        folder = CONTENDERS / "Django"
        install("python3-venv")
        self._python = ROOT / ".build/bench-django/bin/python"
        wanted = (folder / "requirements.txt").read_text()
        installed = ROOT / ".build/bench-django/requirements.txt"
        if not installed.exists() or installed.read_text() != wanted:
            run("python3", "-m", "venv", ROOT / ".build/bench-django")
            run(self._python, "-m", "pip", "install", "-q", "-r", folder / "requirements.txt")
            installed.write_text(wanted)
        run(
            self._python, folder / "fill.py", JOBS, PASSWORD, LOAD_PASSWORD,
            self.options.load_users, self.options.users, env=environment(**self.settings()),
        )

    def command(self):
        # Its threads wait for the disk; the work itself is done by one a process at a time.
        return [
            self._python, "-m", "gunicorn", "--workers", CORES, "--worker-class", "gthread",
            "--threads", 8, "--keep-alive", 75, "--backlog", 4096, "--bind", f"unix:{self.socket}",
            "contender.wsgi",
        ]

    def settings(self):
        return {
            **super().settings(),
            "PYTHONPATH": CONTENDERS / "Django",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "contender.settings",
            "BENCH_DATABASE": self.folders.data / "django.sqlite3",
        }

    def sign_in(self, user, sessions):
        """The refresh tokens of as many new sessions."""
        login = {"username": user, "password": LOAD_PASSWORD}
        return [post(self.port, "/login", login)["refresh"] for _ in range(sessions)]


def compiled(folders, name, package, *libraries):
    """A program of Contenders/Limits."""
    install("gcc", "libc6-dev", package)
    program = folders.programs / name
    source = CONTENDERS / f"Limits/{name}.c"
    run("gcc", "-O2", "-Wall", "-Wextra", "-pthread", "-o", program, source, *libraries)
    return program
