"""A Postern of its own behind an nginx of its own, in a temporary folder."""

import http.client
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import evidence

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "postern-demo"
# Of users whom tests add: the demo's is too short for a new one.
GOOD_PASSWORD = "wind over the cedar gate"

DEFAULTS = {
    "POSTERN_WORKERS": "2",
    "POSTERN_THROTTLE_ENABLED": "false",
    "POSTERN_SESSIONS_LIMIT": "100",
}


def password_of(name):
    return PASSWORD if name in ("alice", "bob", "carol") else GOOD_PASSWORD


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program():
    named = os.environ.get("POSTERN_PROGRAM")
    return named or subprocess.check_output([ROOT / "script/build"], text=True).strip()


def is_stopped(pid):
    stats = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in stats)


class Installation:
    """Runs until `stop`. Settings are those of `postern serve --help`; `change` makes another
    nginx.conf of the one that script/nginx-conf has filled in."""

    def __init__(self, change=lambda conf: conf, **settings):
        self._change = change
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-browser-"))
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = self.folder / "postern.log"
        self._program = program()
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("POSTERN_")},
            **DEFAULTS,
            **settings,
            "POSTERN_PORT": str(self.port),
            "POSTERN_SITE_ORIGIN": self.url,
            "POSTERN_DATA": str(self.folder / "data"),
            "POSTERN_RUN": str(self.folder / "run"),
        }
        self._processes = []
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        run = self.folder / "run"
        run.mkdir()
        self._call("demo")
        conf = subprocess.check_output(
            [ROOT / "script/nginx-conf"], env=self._environment, text=True
        )
        (run / "nginx.conf").write_text(self._change(conf))
        self._spawn(self._program, "serve")
        self._spawn(
            "nginx", "-e", run / "nginx-error.log", "-c", run / "nginx.conf", "-g", "daemon off;"
        )
        self._wait_until_ready()

    def _call(self, *arguments, **options):
        command = [self._program, *arguments]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, **options
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def _spawn(self, *command):
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)

    def _wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in self._processes):
                break
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/current-user")
                if connection.getresponse().status == 401:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"Postern did not start:\n{self.log.read_text()}")

    def add_user(self, name, **fields):
        options = [f"--{key.replace('_', '-')}={value}" for key, value in fields.items()]
        self._call("user", "add", name, f"--email={name}@example.org", *options, input=GOOD_PASSWORD)

    def add_user_by_link(self, name):
        output = self._call("user", "add", name, f"--email={name}@example.org", "--link")
        return output.split()[-1]

    def link(self, name):
        return self._call("user", "link", name).strip()

    def put_into_groups(self, name, *groups):
        self._call("user", "groups", name, *groups)

    def statuses(self, path):
        """What nginx has answered requests for this path by, without their queries."""
        time.sleep(0.1)
        lines = (self.folder / "run" / "nginx-access.log").read_text().splitlines()
        parts = [line.split() for line in lines]
        return [int(part[4]) for part in parts if part[3] == f'{path}"']

    @property
    def workers(self):
        supervisor = self._processes[0].pid
        children = pathlib.Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
        return [int(pid) for pid in children.split()]

    def signal_workers(self, number):
        workers = self.workers
        for pid in workers:
            os.kill(pid, number)
        # Until one thread has noticed, the others go on.
        while number == signal.SIGSTOP and not all(is_stopped(pid) for pid in workers):
            time.sleep(0.01)

    def stop_postern(self):
        """Leaves nginx alone."""
        self._processes[0].terminate()
        self._processes[0].wait(20)

    def stop(self):
        """What ignores SIGTERM for too long is killed."""
        if len(self._processes) == 2:
            pids = [process.pid for process in self._processes]
            if self._processes[0].poll() is None:
                pids += self.workers
            evidence.note_processes(pids, self.port, self.folder / "run")
        for process in reversed(self._processes):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        evidence.keep(self.folder)
