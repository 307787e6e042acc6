"""What is in the Debian package: the unit, the manual pages, the completions."""

import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from machine import ROOT, output
from package import package, unpacked


class PackageTests(unittest.TestCase):
    def test_the_same_sources_make_the_same_package(self):
        with tempfile.TemporaryDirectory() as folder:
            again = output(ROOT / "script/package", folder, stderr=subprocess.DEVNULL)
            self.assertEqual(pathlib.Path(again).read_bytes(), package().read_bytes())

    def test_its_version_is_the_programs(self):
        version = re.search(
            r'let version = "(.+)"', (ROOT / "Sources/Postern/Version.swift").read_text()
        )[1]
        self.assertEqual(output("dpkg-deb", "-f", package(), "Version"), version)

    def test_lintian_has_no_errors_and_no_warnings(self):
        done = subprocess.run(
            ["lintian", "--allow-root", "--fail-on", "error,warning", package()],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_everything_that_the_program_loads_is_depended_on(self):
        depends = output("dpkg-deb", "-f", package(), "Depends")
        libraries = re.findall(
            r"NEEDED.*\[(.+)\]", output("readelf", "-d", unpacked() / "usr/bin/postern")
        )
        self.assertIn("libfcgi.so.0", libraries)
        for library in libraries:
            name = output("dpkg-query", "-S", f"*/{library}").split(":")[0]
            self.assertRegex(depends, rf"(^|, ){re.escape(name)}\b")

    def test_pages_are_where_nginx_looks_for_them(self):
        share = unpacked() / "usr/share/postern"
        root = re.search(r"(?m)^ *root (.+?);", (share / "nginx.conf").read_text())[1]
        files = {path.relative_to(ROOT / "Public") for path in (ROOT / "Public").rglob("*")}
        installed = unpacked() / root.lstrip("/")
        self.assertEqual({path.relative_to(installed) for path in installed.rglob("*")}, files)


class UnitTests(unittest.TestCase):
    UNIT = ROOT / "Deploy/systemd/postern.service"

    def test_systemd_finds_no_fault_in_the_unit(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program must be there for this, and is not installed here.
            unit = self.UNIT.read_text().replace("/usr/bin/postern", "/bin/true")
            manual = re.sub("(?m)^Documentation=.*\n", "", unit)
            path = pathlib.Path(folder, "postern.service")
            path.write_text(manual)
            done = subprocess.run(
                ["systemd-analyze", "verify", "--man=no", path],
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_the_unit_leaves_the_service_little(self):
        # In tenths of systemd's score, 0 to 100.
        subprocess.run(
            [
                "systemd-analyze",
                "security",
                "--offline=true",
                "--threshold=5",
                "--no-pager",
                self.UNIT,
            ],
            check=True,
            stdout=subprocess.PIPE,
        )

    def allowed(self):
        """The system calls that the unit's filters leave."""
        calls = set()
        for line in re.findall(r"(?m)^SystemCallFilter=(.+)$", self.UNIT.read_text()):
            names = self.expanded(line.removeprefix("~").split())
            calls = calls - names if line.startswith("~") else calls | names
        return calls

    def expanded(self, names):
        calls = set()
        for name in names:
            if name.startswith("@"):
                lines = output("systemd-analyze", "syscall-filter", name).splitlines()[1:]
                calls |= self.expanded(
                    line.strip() for line in lines if line.strip() and "#" not in line
                )
            else:
                calls.add(name)
        return calls

    def test_the_unit_allows_every_system_call_that_the_service_makes(self):
        allowed = self.allowed()
        self.assertNotIn("setpriority", allowed)
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o700)
            trace, log = f"{folder}/trace", f"{folder}/log"
            settings = {"POSTERN_DATA": f"{folder}/data", "POSTERN_RUN": f"{folder}/run"}
            program = unpacked() / "usr/bin/postern"
            with open(log, "wb") as file:
                service = subprocess.Popen(
                    ["strace", "-f", "-qq", "-o", trace, program, "serve"],
                    env={**os.environ, **settings},
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                )
            try:
                self.wait_for(log, "started")
                supervisor = int(pathlib.Path(f"{folder}/run/postern.pid").read_text())
                os.kill(supervisor, signal.SIGHUP)
                self.wait_for(log, "reload ended")
                os.kill(supervisor, signal.SIGTERM)
                service.wait(timeout=30)
            finally:
                service.kill()
                service.wait()
            made = set(
                re.findall(
                    r"(?m)^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]", pathlib.Path(trace).read_text()
                )
            )
        self.assertIn("execve", made)
        self.assertEqual(made - allowed, set())

    def wait_for(self, log, text):
        end = time.monotonic() + 60
        while text not in pathlib.Path(log).read_text():
            self.assertLess(time.monotonic(), end, pathlib.Path(log).read_text())
            time.sleep(0.05)


def shown_commands(command=None, path=("postern",)):
    """The words of each command that the help shows."""
    if command is None:
        described = output(unpacked() / "usr/bin/postern", "--experimental-dump-help")
        command = json.loads(described)["command"]
    yield path, command
    for child in command.get("subcommands", []):
        if child["shouldDisplay"] and child["commandName"] != "help":
            yield from shown_commands(child, (*path, child["commandName"]))


class ManualTests(unittest.TestCase):
    def pages(self):
        return sorted((unpacked() / "usr/share/man/man1").iterdir())

    def test_every_command_has_a_page_with_each_of_its_options(self):
        names = {f"{'-'.join(path)}.1.gz" for path, _ in shown_commands()}
        self.assertEqual({page.name for page in self.pages()}, names)
        for path, command in shown_commands():
            page = unpacked() / f"usr/share/man/man1/{'-'.join(path)}.1.gz"
            shown = output("mandoc", "-T", "ascii", page)
            shown = re.sub(".\b", "", shown)
            for argument in command["arguments"]:
                for name in argument.get("names", []) if argument["shouldDisplay"] else []:
                    if name["kind"] == "long":
                        self.assertIn(f"--{name['name']}", shown, page)
        self.assertTrue(any(path == ("postern", "user", "add") for path, _ in shown_commands()))

    def test_every_setting_is_in_the_page_of_serve(self):
        help_ = output(unpacked() / "usr/bin/postern", "serve", "--help")
        settings = set(re.findall(r"(?m)^ +(POSTERN_\w+) ", help_))
        self.assertIn("POSTERN_DATA", settings)
        page = gzip.open(unpacked() / "usr/share/man/man1/postern-serve.1.gz", "rt").read()
        for setting in settings:
            self.assertIn(f".It Ev {setting}\n", page)

    def test_pages_render_without_warnings(self):
        for page in self.pages():
            text = gzip.decompress(page.read_bytes())
            for command in (
                ["mandoc", "-T", "lint", "-W", "warning"],
                ["groff", "-ww", "-mdoc", "-T", "utf8"],
            ):
                done = subprocess.run(
                    command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
                said = done.stdout if command[0] == "mandoc" else done.stderr
                self.assertEqual(
                    (done.returncode, said.decode()), (0, ""), f"{command[0]} {page.name}"
                )

    def test_pages_refer_to_pages_that_there_are(self):
        names = {page.name for page in self.pages()}
        for page in self.pages():
            for name in re.findall(r"(?m)^\.(?:It )?Xr (\S+) 1", gzip.open(page, "rt").read()):
                self.assertIn(f"{name}.1.gz", names)


class CompletionTests(unittest.TestCase):
    SCRIPTS = {
        "bash": "bash-completion/completions/postern",
        "zsh": "zsh/vendor-completions/_postern",
        "fish": "fish/vendor_completions.d/postern.fish",
    }

    def script(self, shell):
        return unpacked() / "usr/share" / self.SCRIPTS[shell]

    def test_each_shell_takes_its_script(self):
        for shell in self.SCRIPTS:
            with self.subTest(shell):
                subprocess.run([shell, "-n", self.script(shell)], check=True)

    def bash(self, line):
        """What bash proposes at the end of the line."""
        program = """
          . "$1"
          COMP_LINE=$2 COMP_POINT=${#2}
          read -ra COMP_WORDS <<<"$2"
          [[ $2 != *' ' ]] || COMP_WORDS+=("")
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          complete=$(complete -p postern | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
          "$complete" postern "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          printf '%s\\n' "${COMPREPLY[@]}"
        """
        path = f"{unpacked() / 'usr/bin'}:{os.environ['PATH']}"
        shown = output(
            "bash",
            "-c",
            program,
            "bash",
            self.script("bash"),
            line,
            env={**os.environ, "PATH": path},
        )
        return {word.strip() for word in shown.split("\n")}

    def fish(self, line):
        path = f"{unpacked() / 'usr/bin'}:{os.environ['PATH']}"
        with tempfile.TemporaryDirectory() as home:
            shown = output(
                "fish",
                "--no-config",
                "-c",
                f"source {self.script('fish')}; complete -C '{line}'",
                env={**os.environ, "PATH": path, "HOME": home},
            )
        return {row.split("\t")[0] for row in shown.splitlines()}

    def test_commands_and_options_are_completed(self):
        children = {}
        for path, _ in shown_commands():
            children.setdefault(path[:-1], set()).add(path[-1])
        for complete in (self.bash, self.fish):
            with self.subTest(complete.__name__):
                self.assertEqual(complete("postern us"), {"user"})
                self.assertLessEqual(children["postern", "user"], complete("postern user "))
                self.assertEqual(complete("postern user add --em"), {"--email"})
