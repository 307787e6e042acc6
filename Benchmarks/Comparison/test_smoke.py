"""That the parts run through, with quickly built contenders. Never how fast anything is."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class SmokeTests(unittest.TestCase):
    def bench(self, *arguments):
        done = subprocess.run(
            [ROOT / "script/bench", *arguments], capture_output=True, text=True, timeout=300
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("VOID", done.stdout, done.stderr)
        return done.stdout

    def compare(self, *arguments):
        return self.bench(
            "compare", *arguments, "--rounds", "1", "--seconds", "1", "--connections", "4",
            "--users", "0", "--only", "libfcgi,postern",
        )

    def assertRows(self, shown, *names):
        for name in names:
            self.assertRegex(shown, rf"(?m)^\| {name} \| [\d,.]+ \|", shown)

    def test_each_part_prints_its_tables_and_nobody_gets_an_error(self):
        shown = self.compare("http", "verify", "refresh", "login", "start", "memory", "--requests", "1000")
        self.assertRows(
            shown, "libfcgi", "postern", "file system", "libsodium", "postern, alone",
        )
        titles = [
            "an unknown route", "GET /job-list", "GET /job-list with a browser's headers",
            "GET /verify by access token", "GET /verify by cookie", "refreshes of 4 users", "refreshes of 15 sessions of 3 users", "one refresh, alone",
            "POST /login", "GET /job-list, 200 a second", "from start to first answer", "MB",
        ]
        for title in titles:
            self.assertIn(f"| {title} | ", shown)

    def test_connections_are_plotted(self):
        with tempfile.TemporaryDirectory() as folder:
            shown = self.compare("connections", "--most-connections", "2", "--plots", folder)
            self.assertRows(shown, "libfcgi", "postern")
            plot = pathlib.Path(folder, "requests-by-connections.svg").read_text()
            self.assertEqual(plot.count("<polyline"), 2)

    def test_growing_stores_are_plotted_and_what_workers_take_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            shown = self.compare("users", "--most-users", "1000", "--plots", folder)
            self.assertRows(shown, "file system", "postern")
            self.assertRegex(shown, r"\| postern \| 1,000 \| [\d.]+ \| [\d.]+ \|")
            plot = pathlib.Path(folder, "refreshes-by-users.svg").read_text()
            self.assertEqual(plot.count("<polyline"), 2)

    def test_changes_in_redis_stand_beside_a_bare_benchmark(self):
        shown = self.compare("redis")
        self.assertRows(shown, "redis-benchmark, the script", "postern")
        self.assertIn("documents, appendfsync always, 16 clients | ", shown)

    def test_changes_in_postgresql_stand_beside_a_bare_benchmark(self):
        shown = self.compare("postgresql")
        self.assertRows(shown, "pgbench, the change", "postern")
        self.assertIn("documents, 16 connections | ", shown)

    def test_hosts_on_one_store_are_measured_beside_its_server(self):
        shown = self.compare("hosts")
        self.assertRows(shown, "redis-benchmark", "pgbench", "1 host", "2 hosts", "4 hosts")

    def test_one_request_is_counted(self):
        shown = self.bench("counts", "--count", "5")
        self.assertRegex(shown, r"\| an unknown route, postern \| [\d,]+ \|")
        self.assertRegex(shown, r"\| GET /verify by cookie, postern \| [\d,]+ \|")
        self.assertRegex(shown, r"\| POST /refresh-token, postern \| [\d.]+ \| .*fdatasync 1")


if __name__ == "__main__":
    unittest.main()
