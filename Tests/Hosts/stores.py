"""Stores that hosts share: each kind says its URL, and can be killed and started again."""

import glob
import os
import pathlib
import shutil
import signal
import subprocess

from processes import Process, Trouble, eventually, run


class Files:
    """A folder that all hosts see: they are on one machine."""

    name = "files"

    def __init__(self, network, folder):
        self.settings = {"POSTERN_DATA": folder / "shared"}

    def start(self):
        pass

    def stop(self):
        pass


class Redis:
    """One server on a machine of its own, which has each change on disk before it answers."""

    name = "redis"
    program = "redis-server"
    PORT = 6379

    def __init__(self, network, folder, number=200, name="store"):
        self.machine = network.machine(name, number)
        self.folder = folder / name
        self.folder.mkdir()
        self.process = None
        self.lines = ["appendonly yes", "appendfsync always"]
        self.password = None

    @property
    def address(self):
        return self.machine.back

    @property
    def url(self):
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}{self.address}:{self.PORT}"

    @property
    def settings(self):
        return {"POSTERN_STORE": self.url}

    def start(self, *lines):
        """With these lines of redis.conf besides its own."""
        text = [
            f"port {self.PORT}", "protected-mode no", f"dir {self.folder}", 'save ""',
            *self.lines, *lines, *([f"requirepass {self.password}"] if self.password else []),
        ]
        conf = self.folder / "redis.conf"
        conf.write_text("\n".join(text) + "\n")
        self.process = Process(
            self.machine.command("redis-server", conf), self.folder / "log", cwd=self.folder
        )
        eventually(self._answers, "redis-server answers")

    def _answers(self):
        if not self.process.is_running:
            raise Trouble(self.process.text[-2000:])
        try:
            return self.ask("PING") == "PONG"
        except Trouble:
            return False

    def ask(self, *words):
        """A command, sent from the server's own machine: the state of links does not matter."""
        user = ["--no-auth-warning", "-a", self.password] if self.password else []
        return run(
            *self.machine.command("redis-cli", "-p", self.PORT, *user, "--raw", *words)
        ).strip()

    def change_password(self, password):
        """And ends all connections that have given another one."""
        self.ask("CONFIG", "SET", "requirepass", password)
        self.password = password
        self.ask("CLIENT", "KILL", "TYPE", "normal")

    def kill(self):
        self.process.kill()

    def pause(self):
        """It takes connections and says nothing."""
        self.process.send(signal.SIGSTOP)

    def go_on(self):
        self.process.send(signal.SIGCONT)

    def stop(self):
        if self.process:
            self.process.kill()


class Sentinels:
    """Three Redis servers, each beside a sentinel on a machine of its own; the first is the master."""

    name = "redis sentinel"
    program = "redis-server"
    PORT = 26379
    # How long a master is silent before the sentinels hold another for better, in milliseconds.
    PATIENCE = 1000

    def __init__(self, network, folder):
        self._folder = folder
        self.servers = [Redis(network, folder, 200 + n, f"store{n}") for n in range(3)]
        self._sentinels = []

    @property
    def settings(self):
        hosts = ",".join(f"{server.address}:{self.PORT}" for server in self.servers)
        return {"POSTERN_STORE": f"redis+sentinel://{hosts}/postern"}

    def start(self):
        first = self.servers[0]
        first.start()
        for server in self.servers[1:]:
            server.start(f"replicaof {first.address} {first.PORT}")
        for server in self.servers:
            conf = server.folder / "sentinel.conf"
            conf.write_text(
                f"port {self.PORT}\nprotected-mode no\ndir {server.folder}\n"
                f"sentinel monitor postern {first.address} {first.PORT} 2\n"
                f"sentinel down-after-milliseconds postern {self.PATIENCE}\n"
                "sentinel failover-timeout postern 10000\nsentinel parallel-syncs postern 2\n"
            )
            self._sentinels.append(Process(
                server.machine.command("redis-server", conf, "--sentinel"), server.folder / "sentinel.log",
                cwd=server.folder,
            ))
        eventually(self._is_whole, "the sentinels know each other and all replicas")

    def _is_whole(self):
        try:
            known = [self._master(server) for server in self.servers]
        except Trouble:
            return False
        replicas = self.servers[0].ask("INFO", "replication").count("state=online")
        return replicas == 2 and all(
            one["num-slaves"] == "2" and one["num-other-sentinels"] == "2" for one in known
        )

    def _master(self, server):
        """What this server's sentinel says of the master."""
        words = run(*server.machine.command(
            "redis-cli", "-p", self.PORT, "--raw", "SENTINEL", "MASTER", "postern"
        )).splitlines()
        return dict(zip(words[::2], words[1::2]))

    def kill_primary(self):
        """By SIGKILL. The sentinels see to the rest."""
        self.servers[0].kill()

    def replace_primary(self):
        """Kills it, and has it back as a replica of the one that the sentinels promote."""
        first = self.servers[0]
        first.kill()
        eventually(lambda: self._master(self.servers[1])["ip"] != first.address, "another is promoted")
        first.start(f"replicaof {self._master(self.servers[1])['ip']} {first.PORT}")

    def stop(self):
        for sentinel in self._sentinels:
            sentinel.kill()
        for server in self.servers:
            server.stop()


class PostgreSQL:
    """One server on a machine of its own."""

    name = "postgresql"
    PORT = 5432

    def __init__(self, network, folder, number=200, name="store"):
        self.machine = network.machine(name, number)
        self.folder = folder / name
        self.folder.mkdir()
        # The server refuses to run as root.
        shutil.chown(self.folder, "postgres")
        self.sockets = self.folder / "sockets"
        self.sockets.mkdir()
        shutil.chown(self.sockets, "postgres")
        self.data = self.folder / "data"
        self.process = None

    @property
    def address(self):
        return self.machine.back

    @property
    def url(self):
        return f"postgresql://postern@{self.address}:{self.PORT}/postgres"

    @property
    def settings(self):
        return {"POSTERN_STORE": self.url}

    def program(self, name, *words):
        return self.machine.command(
            "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
            postgresql_program(name), *words,
        )

    def start(self, *settings):
        """With settings such as `fsync=off` besides its own."""
        if not self.data.exists():
            run(*self.program(
                "initdb", "-D", self.data, "-A", "trust", "-U", "postern", "-N", "-E", "UTF8",
                "--no-locale",
            ), cwd="/")
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write("host all,replication all 10.78.0.0/24 trust\n")
        options = ["listen_addresses=*", f"port={self.PORT}", "max_connections=300", *settings]
        self.process = Process(
            self.program("postgres", "-D", self.data, "-k", self.sockets,
                         *(word for option in options for word in ("-c", option))),
            self.folder / "log", cwd="/",
        )
        eventually(self._answers, "postgres answers", 60)

    def _answers(self):
        if not self.process.is_running:
            raise Trouble(self.process.text[-2000:])
        return subprocess.run(
            self.program("pg_isready", "-q", "-h", self.sockets), cwd="/"
        ).returncode == 0

    def ask(self, statement):
        return run(*self.program(
            "psql", "-h", self.sockets, "-U", "postern", "-d", "postgres", "-AtXc", statement
        ), cwd="/").strip()

    def _send(self, number):
        """To all of its processes, each of which has a group of its own."""
        family = [self.process.pid, *self.process.children()]
        for pid in family:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return family

    def kill(self):
        """By SIGKILL. It comes back by its log, as after a crash of the machine's programs."""
        family = self._send(signal.SIGKILL)
        self.process.kill()
        eventually(
            lambda: not any(os.path.exists(f"/proc/{pid}") for pid in family),
            "all processes of postgres have ended",
        )

    def pause(self):
        self._send(signal.SIGSTOP)

    def go_on(self):
        self._send(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.is_running:
            self.kill()


class Standby:
    """A PostgreSQL server and a standby that has each change before it is answered."""

    name = "postgresql standby"

    def __init__(self, network, folder):
        self.primary = PostgreSQL(network, folder, 200, "store0")
        self.standby = PostgreSQL(network, folder, 201, "store1")

    @property
    def settings(self):
        hosts = ",".join(f"{one.address}:{one.PORT}" for one in (self.primary, self.standby))
        return {
            "POSTERN_STORE": f"postgresql://postern@{hosts}/postgres?target_session_attrs=read-write"
        }

    def start(self):
        self.primary.start("synchronous_standby_names=")
        run(*self.standby.program(
            "pg_basebackup", "-h", self.primary.address, "-U", "postern", "-D", self.standby.data,
            "-R", "-c", "fast",
        ), cwd="/")
        self.standby.start("synchronous_standby_names=")
        self.primary.ask("alter system set synchronous_standby_names = '*'")
        # Its command line would win over that.
        self.primary.process.stop()
        self.primary.start()
        eventually(
            lambda: self.primary.ask("select sync_state from pg_stat_replication") == "sync",
            "the standby is synchronous",
        )

    def kill_primary(self):
        """By SIGKILL, and promotes the standby, as an operator or Patroni would."""
        self.primary.kill()
        run(*self.standby.program("pg_ctl", "promote", "-w", "-D", self.standby.data), cwd="/")

    def stop(self):
        self.standby.stop()
        self.primary.stop()


def postgresql_program(name):
    """Of the newest version that is installed."""
    found = sorted(
        glob.glob(f"/usr/lib/postgresql/*/bin/{name}"),
        key=lambda path: int(pathlib.Path(path).parts[-3]),
    )
    if not found:
        raise Trouble(f"{name} of PostgreSQL is not installed")
    return found[-1]
