"""A fresh Debian in a folder, with processes and a network of its own: nothing of it is seen outside,
and all of it ends with it."""

import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".build/package-test"
APPLICATION = pathlib.Path(__file__).with_name("application.py")


def output(*command, **options):
    return subprocess.check_output(command, text=True, **options).strip()


class Sources:
    """Where this machine's packages come from, which the fresh one takes them from as well."""

    def __init__(self):
        release = platform.freedesktop_os_release()
        self.codename = release["VERSION_CODENAME"]
        targets = output(
            "apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages",
        )
        lines = dict.fromkeys(targets.splitlines())
        self.lists = [line.split() for line in lines]
        self.lists = [
            (site, suite, component)
            for site, suite, component in self.lists
            if suite == self.codename or suite.startswith(f"{self.codename}-")
        ]
        self.mirror = next(site for site, suite, _ in self.lists if suite == self.codename)
        self.proxy = self.setting("Acquire::http::Proxy")

    @staticmethod
    def setting(name):
        return output("apt-config", "shell", "value", name).removeprefix("value=").strip("'")

    def configure(self, root):
        """The package manager of the system in `root`."""
        (root / "etc/apt/sources.list").write_text(
            "".join(f"deb {site} {suite} {part}\n" for site, suite, part in self.lists)
        )
        names = ["Acquire::http::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date"]
        values = [(name, self.setting(name)) for name in names]
        (root / "etc/apt/apt.conf.d/90host").write_text(
            "".join(f'{name} "{value}";\n' for name, value in values if value)
        )
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")


def base(package):
    """The folder of a bare system that has in its cache what the package of this file depends on."""
    sources = Sources()
    depends = output("dpkg-deb", "-f", package, "Depends", "Recommends", "Architecture")
    name = hashlib.sha256(f"{sources.codename} {depends}".encode()).hexdigest()[:16]
    folder = CACHE / name
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        root = pathlib.Path(temporary, "root")
        environment = {**os.environ, **({"http_proxy": sources.proxy} if sources.proxy else {})}
        more = ["--include=ca-certificates"] if sources.mirror.startswith("https:") else []
        subprocess.check_call(
            ["debootstrap", "--variant=minbase", *more, sources.codename, root, sources.mirror],
            env=environment, stdout=subprocess.DEVNULL,
        )
        sources.configure(root)
        shutil.copy(package, root / "postern.deb")
        for command in ("update", "install --yes --download-only /postern.deb"):
            subprocess.check_call(
                ["unshare", "--mount", "sh", "-ec",
                 'mount -t proc proc "$1/proc"; exec chroot "$1" apt-get -qq $2', "sh", root, command],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"},
                stdout=subprocess.DEVNULL,
            )
        (root / "postern.deb").unlink()
        root.rename(folder)
    return folder


class Answer:
    """What an HTTP request came to."""

    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        status, *fields = head.split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {
            name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)
        }


class Machine:
    """Runs until `stop`. Has loopback alone for a network."""

    def __init__(self, package):
        self._folder = tempfile.mkdtemp(prefix="postern-package-")
        self.root = pathlib.Path(self._folder, "root")
        subprocess.check_call(["cp", "-a", base(package), self.root])
        self.root.chmod(0o755)
        # The first process is a shell, which takes note of the end of those that nobody waits for.
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec",
             'ip link set lo up; mount -t proc proc "$1/proc"; echo ready; while :; do sleep 9; done',
             "sh", self.root],
            stdout=subprocess.PIPE, text=True,
        )
        self._children = []
        try:
            if self._first.stdout.readline() != "ready\n":
                raise RuntimeError("the namespaces cannot be made")
            task = f"/proc/{self._first.pid}/task/{self._first.pid}/children"
            self._process = pathlib.Path(task).read_text().split()[0]
        except BaseException:
            self.stop()
            raise

    def stop(self):
        # With its first process, all others of the namespace end.
        self._first.kill()
        self._first.wait()
        self._first.stdout.close()
        for child in self._children:
            child.wait()
        shutil.rmtree(self._folder)

    def path(self, name):
        return self.root / name.lstrip("/")

    def put(self, file, name):
        shutil.copy(file, self.path(name))

    def _inside(self, *command, folder=None):
        entry = ["nsenter", "--target", self._process, "--mount", "--net", "--pid"]
        if folder is None:
            return [*entry, *command]
        # chroot(8) leaves one in its root.
        begin = ["chroot", self.root, "sh", "-c", 'cd "$0" && exec "$@"', folder]
        return [*entry, *begin, *command]

    @property
    def _environment(self):
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
        }

    def run(self, command, *, given="", status=0, folder="/root"):
        """What root's shell says to a command: both outputs. It must end with `status`."""
        done = subprocess.run(
            self._inside("sh", "-c", command, folder=folder), input=given, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self._environment, timeout=120,
        )
        if done.returncode != status:
            raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}")
        return done.stdout

    def start(self, command, *, inside=True):
        """A program in the background: of the machine, or with `inside` false one of this machine that
        has its network alone."""
        log = self.path("/var/log/test.log").open("ab")
        entered = self._inside(*command, folder="/" if inside else None)
        self._children.append(
            subprocess.Popen(
                entered, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )
        )
        log.close()

    def start_application(self):
        """On port 3000, which is the one in nginx.conf."""
        self.start(["python3", "-B", APPLICATION, "3000"], inside=False)

    def start_service(self):
        """As systemd would: by the command, the user and the folders of the unit."""
        unit = self.path("/lib/systemd/system/postern.service").read_text()
        setting = dict(re.findall(r"(?m)^(\w+)=(.+)$", unit))
        run = f"/run/{setting['RuntimeDirectory']}"
        user, group = setting["User"], setting["Group"]
        self.run(f"install -d -o {user} -g {group} -m {setting['RuntimeDirectoryMode']} {run}")
        self.start(
            ["runuser", "-u", user, "--", "sh", "-c",
             f"umask {setting['UMask']}; cd {setting['WorkingDirectory']}; exec {setting['ExecStart']}"]
        )
        self.wait_until(lambda: self.path(f"{run}/postern.sock").is_socket(), "postern serves")

    def wait_until(self, holds, what, seconds=20):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"not {what}: " + self.path("/var/log/test.log").read_text())
            time.sleep(0.05)

    def ask(self, path, *options, port=80):
        """By curl, with these of its options."""
        done = subprocess.run(
            self._inside(
                "curl", "-s", "-i", "--max-time", "20", *options, f"http://localhost:{port}{path}"
            ),
            stdout=subprocess.PIPE, env=self._environment, timeout=30,
        )
        return Answer(done.stdout.decode()) if done.returncode == 0 else None
