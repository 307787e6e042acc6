"""Hosts that run Postern behind nginx, each with folders of its own, on one store."""

import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from network import CLIENT, SEGMENTS, Network
from processes import ROOT, Process, Trouble, environment, eventually, run

PASSWORD = "wind over the cedar gate"
PORT = 8080
WORKERS = 2


def built_program():
    return os.environ.get("POSTERN_PROGRAM") or run(ROOT / "script/build", timeout=3600).strip()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def said(self):
        return f"{self.status} {self.text}"

    @property
    def json(self):
        return json.loads(self.text)


class Client:
    """One kept connection to a host."""

    def __init__(self, host, seconds=30, source=None):
        self._connection = http.client.HTTPConnection(
            host.front, PORT, timeout=seconds, source_address=source and (source, 0)
        )

    def ask(self, method, path, body=None, token=None):
        self.send(method, path, body, token)
        return self.answer()

    def send(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"} if body else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._connection.request(method, path, body and json.dumps(body), headers)
        except OSError:
            self.close()
            raise

    def answer(self):
        try:
            return Answer(self._connection.getresponse())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        self._connection.close()


def ask(host, method, path, body=None, token=None, seconds=30, source=None):
    """Asks once, on a connection of its own."""
    client = Client(host, seconds, source)
    try:
        return client.ask(method, path, body, token)
    finally:
        client.close()


class Host:
    """A machine with nginx and Postern."""

    def __init__(self, network, folder, number, settings):
        self.name = f"host{number}"
        self.machine = network.machine(self.name, number)
        self.folder = folder / self.name
        self.run = self.folder / "run"
        self.run.mkdir(parents=True, mode=0o750)
        self.folder.chmod(0o755)
        self.data = pathlib.Path(settings.get("POSTERN_DATA", self.folder / "data"))
        self.settings = {
            "POSTERN_DATA": self.data, "POSTERN_RUN": self.run, "POSTERN_WORKERS": WORKERS,
            "POSTERN_THROTTLE_ENABLED": "false", "POSTERN_LOG_FORMAT": "text",
            **settings,
        }
        self.service = None
        self._nginx = None

    @property
    def front(self):
        return self.machine.front

    def command(self, *words):
        return self.machine.command(built_program(), *words)

    def postern(self, *words, fails=False, **options):
        """Runs a command of postern with this host's settings; returns what it printed."""
        done = subprocess.run(
            self.command(*words), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment(**self.settings), cwd=self.folder, timeout=120, **options,
        )
        if (done.returncode != 0) != fails:
            raise Trouble(f"postern {' '.join(words)}: {done.returncode}\n{done.stdout}")
        return done.stdout

    def serve(self):
        """Starts the service, and waits for nothing."""
        self.service = Process(
            self.command("serve"), self.run / "postern.log", cwd=self.folder,
            env=environment(**self.settings),
        )

    def start(self):
        self.serve()
        conf = run(ROOT / "script/nginx-conf", env=environment(
            POSTERN_PORT=PORT, POSTERN_RUN=self.run, POSTERN_THROTTLE_ENABLED="false"))
        # Each machine has all of its addresses for itself.
        text = conf.replace(f"listen 127.0.0.1:{PORT}", f"listen {PORT}")
        file = self.run / "nginx.conf"
        file.write_text(text)
        self._nginx = Process(
            self.machine.command(
                "nginx", "-e", self.run / "nginx-error.log", "-c", file, "-g", "daemon off;"),
            self.run / "nginx.log",
        )
        eventually(self.answers, f"{self.name} answers\n{self.service.text}")

    def answers(self):
        if not self.service.is_running:
            raise Trouble(f"{self.name}: {self.log}")
        try:
            return ask(self, "GET", "/password-policy", seconds=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    @property
    def log(self):
        return self.service.text

    @property
    def socket(self):
        return self.run / "postern.sock"

    def kill_worker(self):
        """One of them, by SIGKILL."""
        workers = self.service.children()
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)

    def stop(self):
        """Returns Postern's exit status."""
        status = self.service.stop() if self.service else None
        if self._nginx:
            self._nginx.stop()
        return status


class Site:
    """A network with hosts on one store. To be used in a `with`."""

    def __init__(self, store, hosts=2, **settings):
        # Others than root must come through to what is theirs.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-hosts-"))
        self.folder.chmod(0o755)
        self.hosts = []
        self.store = None
        self.network = None
        try:
            self.network = Network()
            self.store = store(self.network, self.folder)
            self.store.start()
            self.settings = {**self.store.settings, **settings}
            for number in range(1, hosts + 1):
                self.hosts.append(Host(self.network, self.folder, number, self.settings))
        except BaseException:
            self.remove()
            raise

    def start(self):
        """Starts the first host, which makes the keys, and then the others with the same."""
        self.prepare()
        first, *others = self.hosts
        first.start()
        for host in others:
            self.give_keys(host)
            host.start()

    def prepare(self):
        """Makes the store's tables and a first user."""
        if self.settings.get("POSTERN_STORE", "").startswith("postgresql:"):
            self.hosts[0].postern("store", "init")
        self.add_user("first")

    def give_keys(self, host):
        source = self.hosts[0].data
        if host.data != source:
            host.data.mkdir(mode=0o700, exist_ok=True)
            shutil.copy(source / "keys.json", host.data)

    def add_user(self, name):
        self.hosts[0].postern(
            "user", "add", name, "--email", f"{name}@example.com", "--create", input=PASSWORD + "\n")

    def sign_in(self, name, host=0, **more):
        answer = ask(self.hosts[host], "POST", "/login",
                     {"username": name, "password": PASSWORD, **more})
        if answer.status != 200:
            raise Trouble(f"sign-in of {name}: {answer.said}")
        return answer.json

    def source(self, number):
        """An address that clients may come from; 1 to 40."""
        address = f"{SEGMENTS['front']}.{CLIENT - number}"
        subprocess.run(["ip", "address", "add", f"{address}/24", "dev", "front"],
                       capture_output=True)
        return address

    def logs(self):
        return "\n".join(f"--- {host.name}\n{host.log[-2000:]}" for host in self.hosts
                         if host.service)

    def remove(self):
        for host in self.hosts:
            host.stop()
        if self.store:
            self.store.stop()
        if self.network:
            self.network.remove()
        keep(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def keep(folder):
    """What processes leave behind is searched for tokens and passwords (script/check-canaries)."""
    evidence = os.environ.get("POSTERN_TEST_EVIDENCE")
    if evidence:
        left = pathlib.Path(evidence, "left")
        left.mkdir(exist_ok=True)
        for host in folder.glob("host*"):
            shutil.move(host, left / f"{folder.name}-{host.name}")
    shutil.rmtree(folder, ignore_errors=True)
