"""What an operator does with Postern in a year, done in a few minutes on a service of its own, with real
nginx and workers. Prints each step and what came of it; ends at the first that is not as it should be.

The commands are those of the help. Clients refresh and ask all the while: nothing of theirs may fail.
"""

import base64
import collections
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "tulip-orbit-lantern"
# bcrypt of it, cost 10, as another system may have it.
BCRYPT = "$2b$10$iXcyZzxe4Yqincpk7VT4I.2MEiGR26OVN79fSBWg7kAiHmj6vAhV."
PEOPLE = 50
# Seconds from a new key to its first token; as short as a reload of two workers allows.
ACTIVATION = 6


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    def __init__(self):
        named = os.environ.get("POSTERN_PROGRAM")
        self.program = named or subprocess.check_output([ROOT / "script/build"], text=True).strip()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-year-"))
        self.run = self.folder / "run"
        self.run.mkdir(mode=0o750)
        self.port = free_port()
        self.log = self.folder / "log"
        self.file = self.folder / "postern.json"
        self.settings = {
            "data": str(self.folder / "data"),
            "run": str(self.run),
            "workers": 2,
            "log.format": "json",
            "log.level": "debug",
        }
        self.save()
        self._processes = []

    def save(self, **changes):
        self.file.write_text(json.dumps({**self.settings, **changes}))
        self.file.chmod(0o600)

    def start(self):
        environment = {
            "POSTERN_PORT": str(self.port),
            "POSTERN_RUN": str(self.run),
            # The limits are of nginx's clients, and here all clients have one address.
            "POSTERN_THROTTLE_ENABLED": "false",
        }
        conf = subprocess.check_output(
            [ROOT / "script/nginx-conf"], env={**os.environ, **environment}, text=True
        )
        (self.run / "nginx.conf").write_text(conf)
        self._spawn(self.program, "serve", "--config", self.file)
        self._spawn("nginx", "-e", self.run / "nginx-error.log", "-c", self.run / "nginx.conf",
                    "-g", "daemon off;")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if Client(self).call("GET", "/password-policy")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("the service does not answer")

    def _spawn(self, *command):
        with self.log.open("ab") as log:
            self._processes.append(subprocess.Popen(
                command, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            ))

    def postern(self, *arguments, input=None, fails=False):
        """Runs a command, prints it and its output, and returns that."""
        done = subprocess.run(
            [self.program, *arguments, "--config", self.file], env=clean_environment(), text=True,
            input=input, capture_output=True, timeout=120,
        )
        say(f"$ postern {' '.join(map(str, arguments))}".replace(str(self.folder), "."))
        for line in (done.stdout + done.stderr).splitlines()[:6]:
            say(f"  {line}".replace(str(self.folder), "."))
        check((done.returncode != 0) == fails, f"its exit status is {done.returncode}")
        return done.stdout

    def hang_up(self):
        self._processes[0].send_signal(signal.SIGHUP)

    def events(self):
        """How often each security event is in the service's log."""
        lines = self.log.read_text(errors="replace").splitlines()
        names = [json.loads(line).get("event") for line in lines if line.startswith("{")]
        return collections.Counter(name for name in names if name)

    def stop(self):
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        shutil.rmtree(self.folder)


def clean_environment():
    return {name: text for name, text in os.environ.items() if not name.startswith("POSTERN_")}


class Client:
    def __init__(self, service):
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)

    def call(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"} if body else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._connection.request(method, path, body and json.dumps(body), headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise

    def sign_in(self, name, password=PASSWORD, **more):
        fields = {"username": name, "password": password, **more}
        status, text = self.call("POST", "/login", fields)
        return status, json.loads(text) if status == 200 else text


class Visitor(threading.Thread):
    """Is signed in, asks for its jobs and refreshes, over and over."""

    def __init__(self, service, name):
        super().__init__(daemon=True)
        self.failures = []
        self.algorithms = collections.Counter()
        self.keys = set()
        self._count = 0
        self._service = service
        self._ends = threading.Event()
        status, self._tokens = Client(service).sign_in(name)
        check(status == 200, f"{name} signs in")

    @property
    def count(self):
        return self._count

    def run(self):
        client = Client(self._service)
        while not self._ends.is_set():
            try:
                self._visit(client)
            except Exception as error:
                self.failures.append(repr(error))
            time.sleep(0.02)

    def _visit(self, client):
        status, text = client.call(
            "POST", "/refresh-token", {"refreshToken": self._tokens["refreshToken"]})
        self._count += 1
        if status != 200:
            return self.failures.append(f"refresh: {status} {text}")
        self._tokens = json.loads(text)
        token = self._tokens["accessToken"]
        head = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        self.algorithms[head["alg"]] += 1
        self.keys.add(head["kid"])
        status, text = client.call("GET", "/job-list", token=token)
        self._count += 1
        if status != 200:
            self.failures.append(f"jobs: {status} {text}")

    def end(self):
        self._ends.set()
        self.join(60)


def say(text):
    print(text, flush=True)


steps = 0


def step(text):
    global steps
    steps += 1
    say(f"\n{steps}. {text}")


def check(holds, text):
    say(f"  {'ok' if holds else 'NOT OK'}: {text}")
    if not holds:
        raise SystemExit(f"not so: {text}")


def wait_until(condition, text, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            check(False, text)
        time.sleep(0.1)
    check(True, text)


def year(service):
    client = Client(service)

    step("People come from another system, with its password hashes")
    rows = ["username,email,groups,passwordHash"] + [
        f"person-{number},person-{number}@example.org,ops,{BCRYPT}" for number in range(PEOPLE)
    ]
    file = service.folder / "people.csv"
    file.write_text("\n".join(rows) + "\n")
    (service.folder / "data").mkdir(mode=0o700)
    service.postern("user", "import", str(file), "--dry-run")
    service.postern("user", "import", str(file))
    service.start()

    step("One signs in, and the hash becomes Postern's own")
    before = service.postern("user", "show", "person-0", "--json")
    check("argon2id" not in before, "before, it is the other system's")
    status, tokens = client.sign_in("person-0")
    check(status == 200, "person-0 signs in with the password of before")
    after = service.postern("user", "show", "person-0", "--json")
    check("argon2id" in after, "after it, it is Argon2id")

    visitors = [Visitor(service, f"person-{number}") for number in (1, 2, 3, 4)]
    for visitor in visitors:
        visitor.start()

    def keys():
        return set().union(*(visitor.keys for visitor in visitors))

    def failures():
        return sum((visitor.failures for visitor in visitors), [])

    step("The key of access tokens is rotated, while clients refresh")
    wait_until(lambda: len(keys()) == 1, "all tokens are of one key")
    service.postern("key", "rotate", "--activate-after", str(ACTIVATION))
    wait_until(lambda: len(keys()) == 2, "tokens of the new key come")
    check(failures() == [], f"no request failed {failures()[:3]}")

    step("The key of refresh tokens, too")
    service.postern("key", "rotate", "--refresh", "--activate-after", str(ACTIVATION))
    time.sleep(ACTIVATION + 2)
    check(failures() == [], f"no request failed {failures()[:3]}")

    step("Access tokens become ES256 under load")
    service.postern("key", "rotate", "--algorithm", "ES256", "--activate-after", str(ACTIVATION))
    public = json.loads(client.call("GET", "/.well-known/jwks.json")[1])["keys"]
    check([key["alg"] for key in public] == ["ES256"], "other services find the public key")
    wait_until(
        lambda: all(visitor.algorithms["ES256"] for visitor in visitors), "clients get ES256")
    check(failures() == [], f"no request failed {failures()[:3]}")

    step("A session is found and ended")
    lines = service.postern("session", "list", "person-0", "--json").splitlines()
    check(len(lines) == 1, "person-0 has one")
    service.postern("session", "end", json.loads(lines[0])["id"])
    check(client.call("GET", "/job-list", token=tokens["accessToken"])[0] == 401,
          "its access token is refused by the next request")
    check(client.call("POST", "/refresh-token", {"refreshToken": tokens["refreshToken"]})[0] == 403,
          "and its refresh token")

    step("A user is disabled, and enabled again")
    status, tokens = client.sign_in("person-5")
    check(status == 200, "person-5 signs in")
    service.postern("user", "disable", "person-5")
    check(client.call("GET", "/job-list", token=tokens["accessToken"])[0] == 401,
          "the next request is refused")
    check(client.sign_in("person-5")[0] == 400, "and a sign-in, as with a wrong password")
    service.postern("user", "enable", "person-5")
    check(client.sign_in("person-5")[0] == 200, "enabled, person-5 signs in again")

    step("Strangers guess and are throttled, and the user goes on")
    status, tokens = client.sign_in("person-6", device="")
    check(status == 200, "person-6 signs in, and the client gets a name for later")
    wrong = 0
    while (answer := client.sign_in("person-6", "a wrong password"))[0] == 400 and wrong < 100:
        wrong += 1
    check(answer[0] == 429, f"after {wrong} wrong passwords: 429")
    check(client.sign_in("person-6")[0] == 429, "the right one, from this address: 429 for an hour")
    check(client.sign_in("person-6", device=tokens["device"])[0] == 200,
          "from the client that is known: signed in")
    service.postern("user", "show", "person-6")

    step("A reload with settings that cannot be used changes nothing")
    service.save(**{"tokens.grace": -1})
    service.postern("reload", fails=True)
    # The command looks at the settings first; SIGHUP, as of systemd, leaves that to the service.
    service.hang_up()
    wait_until(lambda: "reload refused" in service.log.read_text(), "the log says why")
    check(failures() == [], f"no request failed {failures()[:3]}")

    step("A reload with good ones replaces the workers")
    service.save(**{"workers": 3})
    service.postern("reload")
    service.postern("status")
    check(failures() == [], f"no request failed {failures()[:3]}")

    step("Ten reloads under load")
    count = sum(visitor.count for visitor in visitors)
    for number in range(10):
        service.save(**{"workers": 2 + number % 2})
        service.postern("reload")
    count = sum(visitor.count for visitor in visitors) - count
    check(failures() == [], f"{count} requests, 0 failed {failures()[:3]}")

    for visitor in visitors:
        visitor.end()

    step("The log tells all that")
    events = service.events()
    for name, number in sorted(events.items()):
        say(f"  {name} {number}")
    for name in ("login.succeeded", "login.failed", "login.throttled", "refresh.rotated"):
        check(events[name] > 0, f"{name} is there")
    text = service.log.read_text()
    for line in text.splitlines():
        if '"reload' in line and "refused" in line:
            say(f"  {line}".replace(str(service.folder), "."))
    check(PASSWORD not in text and "a wrong password" not in text and "eyJ" not in text,
          "no password and no token is")

    step("And so do the figures")
    status, text = client.call("GET", "/metrics")
    check(status == 200, "GET /metrics: 200")
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    for name in sorted(figures):
        if name.startswith(("postern_security_events_total", "postern_reloads_total",
                            "postern_workers", "postern_http_requests_total")):
            say(f"  {name} {figures[name]}")
    rotated = int(float(figures['postern_security_events_total{event="refresh.rotated"}']))
    asked = sum(visitor.count for visitor in visitors) // 2
    check(rotated == asked, f"{rotated} refreshes were counted, of {asked} that clients made")
    service.postern("check")
    total = sum(visitor.count for visitor in visitors)
    say(f"\n{steps} steps, {total} requests of visitors meanwhile, {len(failures())} failed")


if __name__ == "__main__":
    service = Service()
    try:
        year(service)
    except BaseException:
        sys.stderr.write(service.log.read_text(errors="replace")[-4000:] if service.log.exists() else "")
        raise
    finally:
        service.stop()
