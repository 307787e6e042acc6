"""Processes, folders and what else a run needs of the machine."""

import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTENDERS = ROOT / "Benchmarks/Contenders"
CORES = len(os.sched_getaffinity(0))


class Trouble(Exception):
    """Says what could not be done."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    """Runs it to its end and returns what it printed."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def built(product):
    """The path of a product of Postern's package, as a release."""
    install("build")
    build = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", product]
    run(*build, cwd=ROOT)
    return run(*build, "--show-bin-path", cwd=ROOT).strip() + f"/{product}"


def install(*packages):
    run(ROOT / "script/dependencies", *packages)


def environment(**settings):
    """This one's without Postern's settings, and `settings`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("POSTERN_")}
    return {**kept, **{key: str(value) for key, value in settings.items()}}


def free_port():
    """Not one of those that connections get: nginx leaves and takes it again for each run."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Process:
    """One that runs until `stop`, with all that it starts."""

    def __init__(self, log, *command, **options):
        self.log = pathlib.Path(log)
        self.command = [str(part) for part in command]
        options = {"stdin": subprocess.DEVNULL, "env": environment(), **options}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command, stdout=output, stderr=output, start_new_session=True, **options
            )

    @property
    def pid(self):
        return self._process.pid

    def family(self):
        """This process and all below it."""
        pids = [self.pid]
        for pid in pids:
            try:
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    pids += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
        return pids

    def check(self):
        if self._process.poll() is not None:
            raise Trouble(f"{' '.join(self.command)} ended:\n{self.log.read_text()}")

    def signal(self, pid):
        """SIGTERM to one of the family."""
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass

    def wait(self, seconds):
        return self._process.wait(seconds)

    def stop(self):
        """Whoever ignores SIGTERM for too long is killed."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()


class Folders:
    """Data on the disk that the clone is on; sockets under a short path, which they must have."""

    def __init__(self):
        build = ROOT / ".build"
        build.mkdir(exist_ok=True)
        self.programs = build / "bench"
        self.programs.mkdir(exist_ok=True)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="bench-data-", dir=build))
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench-"))

    def remove(self):
        for folder in (self.data, self.run):
            shutil.rmtree(folder, ignore_errors=True)


def memory(pid):
    """Resident and proportional kilobytes of a process (proc(5), smaps_rollup)."""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        found[name] = int(value.split()[0])
    return found["Rss"], found["Pss"]


def descriptors(pid):
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def wait_until(done, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not done():
        process.check()
        if time.monotonic() > deadline:
            raise Trouble(f"{' '.join(process.command)} did not answer:\n{process.log.read_text()}")
        time.sleep(0.001)
