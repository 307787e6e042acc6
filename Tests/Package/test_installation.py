"""The Debian package on a fresh system: installed, used, upgraded, removed and purged."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from machine import ROOT, Machine
from package import package, unpacked

PASSWORD = "wind over the cedar gate"


def commands(heading):
    """The lines of the first block of commands in README's section, without their comments."""
    section = (ROOT / "README.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    block = re.search(r"```sh\n(.*?)```", section, re.S)[1]
    return [line.partition("   #")[0].strip() for line in block.splitlines()]


def await_notice(machine):
    """A program that does not tell systemd yet that it serves counts as started at once."""
    if b"NOTIFY_SOCKET" not in (unpacked() / "usr/bin/postern").read_bytes():
        folder = machine.path("/etc/systemd/system/postern.service.d")
        folder.mkdir(parents=True)
        (folder / "test.conf").write_text("[Service]\nType=exec\nWatchdogSec=0\n")


def add_dana(machine):
    """As README has it, with the password from a pipe."""
    add = next(line for line in commands("Install the package") if "user add" in line)
    return machine.run(add, given=PASSWORD)


def sign_in(machine):
    return machine.ask(
        "/login",
        "-H",
        "Content-Type: application/json",
        "-d",
        json.dumps({"username": "dana", "password": PASSWORD}),
    )


@unittest.skipUnless(os.geteuid() == 0, "a system of its own takes root")
class InstallationTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = Machine(package())
        cls.addClassCleanup(cls.machine.stop)
        cls.machine.put(package(), "/root")
        await_notice(cls.machine)
        cls.machine.start_application()
        install, guard, *_ = commands("Install the package")
        cls.machine.run(install.replace("apt-get", "apt-get -y -qq"))
        if not cls.machine.has_systemd:
            cls.machine.start_services()
        socket = "test -S /run/postern/postern.sock && echo"
        cls.machine.wait_until(lambda: cls.machine.run(f"{socket} yes || true"), "postern serves")
        cls.machine.run(guard)
        cls.added = add_dana(cls.machine)

    def test_two_commands_lead_from_the_package_to_a_guarded_page(self):
        page = ("-H", "Sec-Fetch-Mode: navigate", "-H", "Sec-Fetch-Dest: document")
        stranger = self.machine.ask("/app/", *page)
        self.assertEqual(stranger.status, 302)
        self.assertEqual(stranger.headers["location"], "/sign-in?to=/app/")
        self.assertIn("Postern", self.machine.ask("/sign-in").body)
        self.assertEqual(self.machine.ask("/postern.js").status, 200)
        self.assertEqual(self.machine.ask("/app/").status, 401)

        signed_in = sign_in(self.machine)
        self.assertEqual(signed_in.status, 200)
        token = json.loads(signed_in.body)["accessToken"]
        guarded = self.machine.ask("/app/", "-H", f"Authorization: Bearer {token}")
        self.assertEqual((guarded.status, guarded.body), (200, "Hello dana"))

    def test_H16_the_socket_is_for_nginx_and_for_nobody_else(self):
        for user, can in [("www-data", True), ("nobody", False)]:
            as_user = f"setpriv --reuid={user} --regid=$(id -g {user}) --init-groups"
            with self.subTest(user):
                self.machine.run(
                    f"{as_user} test -w /run/postern/postern.sock", status=0 if can else 1
                )

    def test_each_place_is_for_those_who_need_it(self):
        for path, expected in {
            "/usr/bin/postern": "root:root 755",
            "/etc/postern/postern.json": "postern:postern 600",
            "/var/lib/postern": "postern:postern 700",
            "/var/lib/postern/keys.json": "postern:postern 600",
            "/run/postern": "postern:postern 750",
            "/run/postern/postern.sock": "postern:postern 660",
        }.items():
            with self.subTest(path):
                self.assertEqual(self.machine.run(f"stat -c '%U:%G %a' {path}").strip(), expected)
        # Settings and data, of which some are secret, are not for nginx.
        as_nginx = "setpriv --reuid=www-data --regid=www-data --init-groups"
        self.machine.run(f"{as_nginx} cat /etc/postern/postern.json", status=1)
        self.machine.run(f"{as_nginx} ls /var/lib/postern", status=2)

    def test_Q8_commands_of_another_user_are_refused_and_leave_nothing(self):
        refused = self.machine.run("postern user add eve --email eve@example.com --link", status=78)
        self.assertRegex(refused, r"/etc/postern/postern.json belongs to another user \(uid \d+\)")
        self.assertEqual(self.machine.run("find /var/lib/postern ! -user postern"), "")

    def test_every_command_finds_the_settings_from_any_folder(self):
        # /root, which user postern may not even look into, is one of them.
        self.assertIn("Added dana", self.added)
        for folder in ["/root", "/", "/var/lib/postern"]:
            with self.subTest(folder):
                listed = self.machine.run("runuser -u postern -- postern user list", folder=folder)
                self.assertIn("dana\t", listed)

    def test_a_settings_file_of_the_working_folder_comes_first(self):
        self.machine.run(
            'install -d -o postern /srv/other && cd /srv/other && echo \'{"data":"/srv/none"}\''
            " >postern.json && chown postern postern.json"
        )
        refused = self.machine.run(
            "runuser -u postern -- postern user list", folder="/srv/other", status=78
        )
        self.assertIn("There is no data folder at /srv/none.", refused)

    def test_reload_is_for_the_user_of_the_service(self):
        unit = self.machine.path("/lib/systemd/system/postern.service").read_text()
        reload = re.search(r"(?m)^ExecReload=(.+)$", unit)[1]
        self.machine.run(reload, status=78)
        before = self.machine.log().count("reload ended")
        by_hand = f"runuser -u postern -- {reload}"
        self.machine.run("systemctl reload postern" if self.machine.has_systemd else by_hand)
        self.machine.wait_until(
            lambda: self.machine.log().count("reload ended") > before, "reloaded"
        )
        self.assertEqual(sign_in(self.machine).status, 200)

    def test_H3_systemd_starts_a_service_again_that_was_killed(self):
        self.systemd_or_skip()
        before = self.machine.run("systemctl show --value -p MainPID postern")
        self.machine.run("systemctl kill --signal=KILL --kill-who=main postern")
        self.machine.wait_until(
            lambda: self.machine.run("systemctl show --value -p MainPID postern")
            not in (before, "0\n")
            and self.machine.run("systemctl is-active postern || true") == "active\n",
            "active again",
        )
        self.machine.wait_until(lambda: sign_in(self.machine).status == 200, "it serves")

    def systemd_or_skip(self):
        if not self.machine.has_systemd:
            self.skipTest("systemd does not run in a namespace of this machine")

    def test_systemd_says_that_the_service_is_well(self):
        self.systemd_or_skip()
        self.assertEqual(self.machine.run("systemctl is-active postern"), "active\n")
        self.assertEqual(self.machine.run("systemctl is-enabled postern"), "enabled\n")
        self.assertEqual(self.machine.run("systemctl --failed --plain --no-legend"), "")

    def test_the_service_runs_as_its_own_user_alone(self):
        # The folders of processes that forbid dumps are root's.
        users = self.machine.run(
            "for process in /proc/[0-9]*; do case $(readlink $process/exe) in /usr/bin/postern*)"
            " sed -n 's/^[UG]id:\\s//p' $process/status;; esac; done"
        ).split("\n")
        user, group = (self.machine.run(f"id -{kind} postern").strip() for kind in "ug")
        self.assertGreaterEqual(len(users), 4)
        self.assertEqual(set(users) - {""}, {"\t".join([user] * 4), "\t".join([group] * 4)})


@unittest.skipUnless(os.geteuid() == 0, "a system of its own takes root")
class RemovalTests(unittest.TestCase):
    INSTALL = "apt-get install -y -qq --no-install-recommends --allow-downgrades"

    def setUp(self):
        self.machine = Machine(package())
        self.addCleanup(self.machine.stop)
        await_notice(self.machine)
        self.machine.put(package(), "/root/postern.deb")
        self.machine.run(f"{self.INSTALL} ./postern.deb")
        self.machine.run(
            "runuser -u postern -- postern user add dana --email d@example.com", given=PASSWORD
        )

    def put_upgrade(self):
        """The same package, as a later version."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.check_call(["dpkg-deb", "-R", package(), f"{folder}/later"])
            control = pathlib.Path(folder, "later/DEBIAN/control")
            control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+later", control.read_text()))
            subprocess.check_call(
                [
                    "dpkg-deb",
                    "--root-owner-group",
                    "-Znone",
                    "-b",
                    f"{folder}/later",
                    f"{folder}/later.deb",
                ],
                stdout=subprocess.DEVNULL,
            )
            self.machine.put(f"{folder}/later.deb", "/root")

    def assertDanaIsThere(self):
        self.assertIn("dana\t", self.machine.run("runuser -u postern -- postern user list"))

    def test_an_upgrade_and_a_rollback_keep_users_settings_and_owners(self):
        settings = self.machine.path("/etc/postern/postern.json")
        mine = settings.read_text().replace("http://localhost", "https://example.com")
        self.machine.run(
            "chown root:postern /etc/postern/postern.json;"
            "chmod 640 /etc/postern/postern.json; gpasswd -d www-data postern"
        )
        settings.write_text(mine)
        self.put_upgrade()
        for file in ["later.deb", "postern.deb"]:
            with self.subTest(file):
                self.machine.run(f"{self.INSTALL} ./{file}")
                self.assertEqual(settings.read_text(), mine)
                owner = self.machine.run("stat -c '%U:%G %a' /etc/postern/postern.json").strip()
                self.assertEqual(owner, "root:postern 640")
                self.assertNotIn("www-data", self.machine.run("getent group postern"))
                self.assertDanaIsThere()
                if self.machine.has_systemd:
                    self.assertIn("enabled", self.machine.run("systemctl is-enabled postern"))
                    self.assertIn("active", self.machine.run("systemctl is-active postern"))

    def test_removing_keeps_data_and_settings_and_purging_keeps_nothing(self):
        self.machine.run("apt-get remove -y -qq postern")
        self.assertFalse(self.machine.path("/run/postern").exists())
        for path in [
            "/usr/bin/postern",
            "/usr/share/postern",
            "/usr/share/doc/postern",
            "/lib/systemd/system/postern.service",
        ]:
            self.assertFalse(self.machine.path(path).exists(), path)
        for path in ["/var/lib/postern/users", "/etc/postern/postern.json"]:
            self.assertTrue(self.machine.path(path).exists(), path)
        self.machine.run(f"{self.INSTALL} ./postern.deb")
        self.assertDanaIsThere()

        self.machine.run("apt-get purge -y -qq postern")
        left = self.machine.run(
            "find / -xdev \\( -path /proc -o -path /root -o -path /var/log -o -path /var/cache"
            " -o -path /etc/systemd/system/postern.service.d -o -path /tmp \\) -prune"
            " -o \\( -iname '*postern*' -o -user postern -o -group postern \\) -print"
        )
        self.assertEqual(left, "")
        # Its number is not to become another's: backups may have files of it.
        self.machine.run("getent passwd postern")
