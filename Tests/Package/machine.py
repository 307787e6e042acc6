"""A fresh Debian in a folder, with a systemd, processes and a network of its own: nothing of it is
seen outside, and all of it ends with it."""

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
CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Only a machine that is made here has it.
MARK = "/etc/fresh-machine"
APPLICATION = pathlib.Path(__file__).with_name("application.py")


def output(*command, **options):
    return subprocess.check_output(command, text=True, **options).strip()


class Sources:
    """Where this machine's packages come from, which the fresh one takes them from as well."""

    def __init__(self):
        release = platform.freedesktop_os_release()
        self.codename = release["VERSION_CODENAME"]
        targets = output(
            "apt-get",
            "indextargets",
            "--format",
            "$(SITE) $(RELEASE) $(COMPONENT)",
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
    """The folder of a bare system that has in its cache what the package depends on."""
    sources = Sources()
    depends = output("dpkg-deb", "-f", package, "Depends", "Recommends", "Architecture")
    name = hashlib.sha256(f"systemd {sources.codename} {depends}".encode()).hexdigest()[:16]
    folder = CACHE / name
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        root = pathlib.Path(temporary, "root")
        environment = {**os.environ, **({"http_proxy": sources.proxy} if sources.proxy else {})}
        more = ",ca-certificates" if sources.mirror.startswith("https:") else ""
        subprocess.check_call(
            [
                "debootstrap",
                "--variant=minbase",
                f"--include=systemd{more}",
                sources.codename,
                root,
                sources.mirror,
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        sources.configure(root)
        # It need not outlive a power cut.
        (root / "etc/dpkg/dpkg.cfg.d/test").write_text("force-unsafe-io\n")
        shutil.copy(package, root / "postern.deb")
        for command in ("update", "install --yes --download-only /postern.deb"):
            subprocess.check_call(
                [
                    "unshare",
                    "--mount",
                    "sh",
                    "-ec",
                    'mount -t proc proc "$1/proc"; exec chroot "$1" apt-get -qq $2',
                    "sh",
                    root,
                    command,
                ],
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
            name.lower(): value.strip()
            for name, _, value in (field.partition(":") for field in fields)
        }


# Makes the folder $1 the root of all that there is, and runs what follows $2, a cgroup or nothing.
# The kernel's own settings, which all machines share, are not to be changed.
BEGIN = """
  root=$1 group=$2
  shift 2
  ip link set lo up
  mount --bind "$root" "$root"
  cd "$root"
  mount -t proc proc proc
  mount --bind proc/sys proc/sys
  mount -o remount,bind,ro proc/sys
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=1777 tmpfs tmp
  if [ -n "$group" ]; then
    mount -t sysfs -o ro sysfs sys
    if [ -d /sys/fs/cgroup/systemd ]; then
      mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
      mkdir sys/fs/cgroup/systemd
      mount -t cgroup -o none,name=systemd,xattr cgroup sys/fs/cgroup/systemd
    else
      mount -t cgroup2 cgroup2 sys/fs/cgroup
    fi
  fi
  mkdir run/old
  pivot_root . run/old
  umount -l run/old
  rmdir run/old
  exec "$@"
"""
# Takes note of the end of processes that nobody waits for.
SHELL = ["sh", "-c", "while :; do sleep 9; done"]
SYSTEMD = ["env", "container=test", "/lib/systemd/systemd"]


class Machine:
    """Runs until `stop`. Has loopback alone for a network. Where systemd cannot run it, a shell is
    its first process, and `has_systemd` false."""

    def __init__(self, package):
        self._folder = tempfile.mkdtemp(prefix="postern-package-")
        self.root = pathlib.Path(self._folder, "root")
        subprocess.check_call(["cp", "-a", base(package), self.root])
        self.root.chmod(0o755)
        self.path(MARK).touch()
        self._children = []
        self._group = self._outer = None
        self.has_systemd = True
        try:
            try:
                self._begin(SYSTEMD)
                self._wait_for("systemctl is-system-running", "running")
            except (OSError, AssertionError, RuntimeError):
                self._end()
                self.has_systemd = False
                self._begin(SHELL)
                self._wait_for("echo up", "up")
        except BaseException:
            self.stop()
            raise

    def _begin(self, first):
        self._group = None
        if self.has_systemd:
            parent = CGROUPS / "systemd"
            self._group = (parent if parent.exists() else CGROUPS) / os.path.basename(self._folder)
            self._group.mkdir()
        enter = '[ -z "$1" ] || echo $$ >"$1/cgroup.procs"; shift; exec "$@"'
        self._outer = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig=KILL",
                "sh",
                "-ec",
                enter,
                "sh",
                self._group or "",
                "unshare",
                "--mount",
                "--net",
                "--pid",
                "--ipc",
                "--uts",
                "--cgroup",
                "--fork",
                "--kill-child",
                "sh",
                "-ec",
                BEGIN,
                "sh",
                self.root,
                self._group or "",
                *first,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment,
        )

    @property
    def _process(self):
        """The first of its processes, by its number here."""
        children = pathlib.Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        return (children.read_text().split() or ["0"])[0]

    def _wait_for(self, command, answer):
        def says():
            if self._outer.poll() is not None:
                raise RuntimeError("the machine does not start")
            done = subprocess.run(
                self._inside(command, "/"),
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
            )
            return done.stdout.strip() == answer

        self.wait_until(says, f"{command} says {answer}", seconds=30)

    def _end(self):
        # With its first process, all others end.
        if self._outer:
            self._outer.kill()
            self._outer.wait()
        for child in self._children:
            child.wait()
        if self._group and self._group.exists():
            remove = ["find", self._group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]
            end = time.monotonic() + 10
            while subprocess.run(remove, stderr=subprocess.DEVNULL).returncode:
                if time.monotonic() > end:
                    raise RuntimeError(f"{self._group} is still in use")
                time.sleep(0.05)

    def stop(self):
        self._end()
        shutil.rmtree(self._folder)

    def path(self, name):
        return self.root / name.lstrip("/")

    def put(self, file, name):
        shutil.copy(file, self.path(name))

    def _inside(self, command, folder):
        # Until the folder is its root, it has the one of this machine.
        enter = f'[ -e {MARK} ] && cd "$1" && exec sh -c "$2"'
        return [
            "nsenter",
            "--target",
            self._process,
            "--mount",
            "--net",
            "--pid",
            "--ipc",
            "--uts",
            "sh",
            "-c",
            enter,
            "sh",
            folder,
            command,
        ]

    def _beside(self, *command):
        """A program of the outside, in the machine's network, which ends with the machine."""
        return ["nsenter", "--target", self._process, "--net", "--pid", *command]

    @property
    def _environment(self):
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        }

    def run(self, command, *, given="", status=0, folder="/root"):
        """What root's shell says to a command: both outputs. It must end with `status`."""
        done = subprocess.run(
            self._inside(command, folder),
            input=given,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            timeout=120,
        )
        if done.returncode != status:
            raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}")
        return done.stdout

    def _start(self, command):
        """In the background."""
        with self.path("/var/log/test.log").open("ab") as log:
            self._children.append(
                subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
                )
            )

    def start_application(self):
        """On port 3000, which is the one in nginx.conf."""
        self._start(self._beside("python3", "-B", APPLICATION, "3000"))
        self.wait_until(lambda: self.ask("/app/", port=3000), "the application runs")

    def start_services(self):
        """As systemd would: by the command, the user and the folders of the unit; and nginx."""
        unit = self.path("/lib/systemd/system/postern.service").read_text()
        setting = dict(re.findall(r"(?m)^(\w+)=(.+)$", unit))
        run = f"/run/{setting['RuntimeDirectory']}"
        user, group = setting["User"], setting["Group"]
        self.run(f"install -d -o {user} -g {group} -m {setting['RuntimeDirectoryMode']} {run}")
        serve = f"umask {setting['UMask']} && exec {setting['ExecStart']}"
        self._start(
            self._inside(f"exec runuser -u {user} -- sh -c '{serve}'", setting["WorkingDirectory"])
        )
        self.run("service nginx start")

    def log(self):
        """What the service has logged."""
        if self.has_systemd:
            return self.run("journalctl --unit postern --output cat")
        return self.path("/var/log/test.log").read_text()

    def wait_until(self, holds, what, seconds=20):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"not in {seconds} s: {what}")
            time.sleep(0.1)

    def ask(self, path, *options, port=80):
        """By curl, with these of its options. `None` where nobody answers."""
        done = subprocess.run(
            self._beside(
                "curl", "-s", "-i", "--max-time", "20", *options, f"http://localhost:{port}{path}"
            ),
            stdout=subprocess.PIPE,
            env=self._environment,
            timeout=30,
        )
        return Answer(done.stdout.decode()) if done.returncode == 0 else None
