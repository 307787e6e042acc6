"""Postern itself, from any number of programs."""

import os
import time

import nginx
from contenders import LOAD_PASSWORD, PASSWORD, Contender
from load import call, post
from machine import CORES, ROOT, Trouble, built, environment, install, run, say


class Postern(Contender):
    """A release of Postern with its own `serve`, and without its limits of clients."""

    way = nginx.FASTCGI
    signs_in = True
    refresh_field = "refreshToken"

    def __init__(self, options, folders, name="postern", program=None):
        self.name = name
        self.program = program
        super().__init__(options, folders)
        self.data = folders.data / name
        self._run = folders.run / name
        self.socket = self._run / "postern.sock"
        self._others = 0

    def prepare(self):
        if not self.program:
            self.program = os.environ.get("POSTERN_PROGRAM") or run(ROOT / "script/build").strip()
        self._run.mkdir(mode=0o750, exist_ok=True)
        self.tool("demo")
        for number in range(self.options.load_users):
            name = f"load-{number}"
            self.tool("user", "add", name, f"--email={name}@example.org", input=LOAD_PASSWORD)
        self.fill(self.options.users)

    def tool(self, *arguments, **options):
        return run(self.program, *arguments, env=environment(**self.settings()), **options)

    def fill(self, users):
        """Adds users, each with a session, until there are so many besides those of the load."""
        if users <= self._others:
            return
        filler = built("StoreBenchmark")
        install("eatmydata")
        say(f"{self.name}: filling its store up to {users} users")
        begin = time.monotonic()
        part = -(-(users - self._others) // CORES)
        # Without waiting for the disk at each commit, but once at the end.
        run(
            "bash", "-c",
            'for first in $(seq "$3" "$5" "$(($4 - 1))"); do'
            ' last=$((first + $5 < $4 ? first + $5 : $4));'
            ' eatmydata "$1" "$2" $first $((last - first)) & all+=($!); done;'
            ' for one in "${all[@]}"; do wait "$one" || exit 1; done',
            "fill", filler, self.data, self._others, users, part,
        )
        os.sync()
        self._others = users
        say(f"{self.name}: filled in {time.monotonic() - begin:.0f} s")

    def command(self):
        return [self.program, "serve"]

    def settings(self):
        return {
            "POSTERN_DATA": self.data,
            "POSTERN_RUN": self._run,
            "POSTERN_WORKERS": CORES,
            "POSTERN_THROTTLE_ENABLED": "false",
            "POSTERN_SWEEP_INTERVAL": 0,
            # Longer than anything measured here takes.
            "POSTERN_TOKENS_ACCESS_LIFETIME": 86_400,
        }

    def access_token(self):
        return self.tokens()["accessToken"]

    def tokens(self):
        return post(self.port, "/login", {"username": "alice", "password": PASSWORD})

    def sign_in(self, user, sessions):
        """The refresh tokens of as many new sessions, which are then all that the user has."""
        login = {"username": user, "password": LOAD_PASSWORD}
        first = post(self.port, "/login", login)
        bearer = {"Authorization": f"Bearer {first['accessToken']}"}
        status, _ = call(self.port, "DELETE", "/sessions", bearer)
        if status != 204:
            raise Trouble(f"{self.name}: DELETE /sessions: {status}")
        more = [post(self.port, "/login", login) for _ in range(sessions - 1)]
        return [tokens["refreshToken"] for tokens in (first, *more)]
