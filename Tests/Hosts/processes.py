"""Programs that a test starts, with what they print in a file."""

import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Trouble(Exception):
    """The tests cannot go on."""


def environment(**settings):
    """This one's without Postern's settings, and `settings`."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("POSTERN_")}
    return {**kept, **{name: str(text) for name, text in settings.items()}}


def run(*command, **options):
    """Runs it to its end; returns what it printed."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True,
        **{"timeout": 120, "env": environment(), **options},
    )
    if done.returncode != 0:
        raise Trouble(f"{' '.join(done.args)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def eventually(holds, what, seconds=30):
    """Waits until `holds()`; returns after how many seconds it did."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds:
            raise Trouble(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - begin


class Process:
    """One that runs until `stop` or `kill`, in a group of its own."""

    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True, **{"env": environment(), **options},
            )

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_running(self):
        return self._process.poll() is None

    @property
    def text(self):
        return self.log.read_text(errors="replace")

    def children(self):
        """The processes that it has started (proc(5))."""
        return [
            int(child)
            for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]

    def send(self, number):
        """A signal for all of its group."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        self.send(signal.SIGKILL)
        self._process.wait()

    def stop(self, seconds=20):
        """Tells the process itself to end. Returns its exit status, `None` where it had to be killed."""
        status = None
        if self.is_running:
            self._process.terminate()
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        self.kill()
        return status

    def wait(self, seconds=20):
        return self._process.wait(seconds)
