"""What hosts and stores are told of each other at their start."""

import shutil
import unittest

import stores
from cases import HostTestCase, open_site
from hosts import ask
from processes import eventually


class KeyTests:
    """Hosts whose keys differ would sign each other's users out."""

    def test_a_host_with_other_keys_is_refused_at_its_start(self):
        with open_site(self.store, 2) as site:
            one, other = site.hosts
            site.prepare()
            one.start()
            # It makes keys of its own.
            other.data.mkdir(mode=0o700)
            other.serve()
            status = other.service.wait(30)
            self.assertEqual(status, 78, other.log)
            self.assertIn("keys", other.log)
            self.assertTrue(one.answers())
            shutil.copy(one.data / "keys.json", other.data)
            other.start()
            tokens = site.sign_in("first", 0)
            answer = ask(other, "GET", "/verify", token=tokens["accessToken"])
            self.assertEqual(answer.status, 204)


class RedisKeyTests(KeyTests, unittest.TestCase):
    store = stores.Redis


class PostgreSQLKeyTests(KeyTests, unittest.TestCase):
    store = stores.PostgreSQL


class StatusTests:
    def test_the_status_of_hosts_lists_them_all(self):
        for host in self.site.hosts:
            def listed():
                text = host.postern("status", "--hosts")
                return all(one.name in text for one in self.site.hosts)

            # A heartbeat may be to come.
            eventually(listed, "both hosts are in the status of each", 40)


class RedisStatusTests(StatusTests, HostTestCase):
    store = stores.Redis


class PostgreSQLStatusTests(StatusTests, HostTestCase):
    store = stores.PostgreSQL


class RedisServerTests(unittest.TestCase):
    """Settings of a Redis server that lose documents."""

    def start(self, *lines, password=None):
        site = open_site(stores.Redis, 1)
        self.addCleanup(site.remove)
        site.store.kill()
        site.store.lines = lines
        site.store.password = password
        site.store.start()
        site.hosts[0].settings.update(site.store.settings)
        return site

    def test_G6_a_server_that_evicts_is_refused_at_the_start(self):
        site = self.start("appendonly yes", "appendfsync always", "maxmemory-policy allkeys-lru")
        host = site.hosts[0]
        host.data.mkdir(mode=0o700)
        host.serve()
        self.assertNotEqual(host.service.wait(30), 0)
        self.assertIn("noeviction", host.log)

    def test_G7_a_server_that_may_lose_what_it_said_it_has_is_told_of_at_the_start(self):
        for lines, told in (
            (["appendonly no"], "appendonly"),
            (["appendonly yes", "appendfsync everysec"], "appendfsync"),
        ):
            site = self.start(*lines)
            site.start()
            self.assertIn(told, site.hosts[0].log)
            site.remove()

    def test_G8_of_a_server_that_was_emptied_no_token_is_accepted(self):
        site = self.start("appendonly yes", "appendfsync always")
        site.start()
        host = site.hosts[0]
        tokens = site.sign_in("first")
        site.store.ask("FLUSHALL")
        answer = ask(host, "POST", "/refresh-token", {"refreshToken": tokens["refreshToken"]})
        self.assertEqual(answer.status, 403)
        for path in ("/job-list", "/verify"):
            self.assertEqual(
                ask(host, "GET", path, token=tokens["accessToken"]).status, 401)
        # The users were there, too; with them again, one signs in.
        site.add_user("second")
        site.sign_in("second")

    def test_G12_a_password_that_was_changed_is_told_and_not_shown(self):
        site = self.start("appendonly yes", password="stone-ferry-lantern")
        site.start()
        host = site.hosts[0]
        tokens = site.sign_in("first")
        site.store.change_password("cloud-ladder-anchor")
        for path in ("/job-list", "/verify"):
            answer = ask(host, "GET", path, token=tokens["accessToken"])
            self.assertEqual(answer.status, 503, answer.text)
            self.assertNotIn("stone-ferry", answer.text)
        self.assertNotIn("stone-ferry", host.log)
        self.assertRegex(host.log, "WRONGPASS|password")


if __name__ == "__main__":
    unittest.main()
