"""Links that are cut and slowed, and stores that say nothing: between clients and hosts, and between
hosts and the store."""

import time
import unittest

import stores
from cases import HostTestCase, tell
from hosts import PASSWORD, Client, ask
from refreshers import Load, attempt
from processes import eventually

# Seconds within which a request is answered while the store cannot be reached: the engine's limits
# for a command and for a change, and what a busy machine adds.
LONGEST = 8


class ClientLinkTests:
    def test_E2_an_answer_that_the_link_lost_is_given_again_by_either_host(self):
        for host, other in ((self.one, self.other), (self.other, self.one)):
            token = self.signed_in()["refreshToken"]
            body = {"refreshToken": token, "attempt": attempt()}
            lines = len(self.answered(host))
            client = Client(host)
            client.ask("GET", "/password-policy")
            with host.machine.slowed("front", (400, 400)):
                client.send("POST", "/refresh-token", body)
                # nginx has sent the answer, and it has 400 ms still to go.
                eventually(lambda: len(self.answered(host)) > lines, "nginx has the answer")
                host.machine.cut("front")
                client.close()
            self.assertTrue(self.answered(host)[-1].endswith("200"))
            # Meanwhile the other one answers.
            successor = ask(other, "POST", "/refresh-token", body).json["refreshToken"]
            self.assertNotEqual(successor, token)
            host.machine.mend("front")
            for one in (host, other):
                again = ask(one, "POST", "/refresh-token", body)
                self.assertEqual(again.json["refreshToken"], successor)
            self.assertEqual(self.refresh(host, successor).status, 200)

    @staticmethod
    def answered(host):
        """Path and status of each refresh in nginx's log."""
        text = (host.run / "nginx-access.log").read_text()
        return [" ".join(line.split()[3:5]) for line in text.splitlines() if "/refresh-token" in line]

    def test_V5_while_the_link_to_one_host_is_cut_the_other_serves(self):
        tokens = self.signed_in()
        with self.one.machine.cut_off("front"):
            with self.assertRaises(OSError):
                ask(self.one, "GET", "/password-policy", seconds=1)
            self.assertEqual(self.refresh(self.other, tokens["refreshToken"]).status, 200)
        eventually(self.one.answers, "the link is back")

    def test_V3_V6_on_a_slow_and_lossy_link_of_clients_nobody_is_signed_out(self):
        load = Load(self.site, people=2)
        with self.one.machine.slowed("front", (50, 200), loss=5), load:
            time.sleep(8)
        self.assert_nobody_signed_out(load)

    def assert_nobody_signed_out(self, load):
        lost, out = load.settle()
        self.assertEqual((lost, out), (0, 0), [one.refusals for one in load.refreshers])
        self.assertGreater(load.acknowledged, 2 * len(load.refreshers))


class StoreLinkTests:
    """Of stores that are machines of their own."""

    def assert_unavailable(self, hosts, tokens):
        """All that needs the store says so in time, and nobody is admitted."""
        for host in hosts:
            for request in (
                lambda: self.refresh(host, tokens["refreshToken"]),
                lambda: self.get(host, "/job-list", tokens),
                lambda: self.get(host, "/verify", tokens),
                lambda: ask(
                    host, "POST", "/login", {"username": "first", "password": PASSWORD}),
                lambda: ask(
                    host, "POST", "/logout", {"refreshToken": tokens["refreshToken"]}),
            ):
                begin = time.monotonic()
                answer = request()
                self.assertEqual(answer.status, 503, answer.text)
                self.assertTrue(answer.headers["Retry-After"], answer.text)
                self.assertLess(time.monotonic() - begin, LONGEST, answer.text)
            # What needs no store is answered.
            self.assertEqual(ask(host, "GET", "/password-policy").status, 200)
            self.assertEqual(ask(host, "GET", "/job-list").status, 401)

    def assert_served(self, hosts, tokens):
        """All is as it was. Returns the seconds it took."""
        def admitted():
            return all(self.get(host, "/verify", tokens).status == 204 for host in hosts)

        seconds = eventually(admitted, "the store is used again")
        successor = self.refresh(hosts[0], tokens["refreshToken"])
        self.assertEqual(successor.status, 200, successor.text)
        again = self.refresh(hosts[-1], tokens["refreshToken"])
        self.assertEqual(again.json["refreshToken"], successor.json["refreshToken"])
        return seconds

    def test_G1_while_the_links_to_the_store_are_cut_nobody_is_admitted_and_nothing_is_lost(self):
        tokens = self.signed_in()
        for host in self.site.hosts:
            host.machine.cut("back")
        try:
            self.assert_unavailable(self.site.hosts, tokens)
        finally:
            for host in self.site.hosts:
                host.machine.mend("back")
        seconds = self.assert_served(self.site.hosts, tokens)
        tell(self, f"{self.store.name}: served {seconds:.1f} s after its links were mended")

    def test_G1_V5_a_host_that_is_cut_off_from_the_store_says_so_and_the_other_serves(self):
        tokens = self.signed_in()
        with self.one.machine.cut_off("back"):
            self.assertEqual(self.refresh(self.one, tokens["refreshToken"]).status, 503)
            fresh = self.refresh(self.other, tokens["refreshToken"])
            self.assertEqual(fresh.status, 200)
        self.assert_served([self.one], fresh.json)

    def test_G1_V4_a_session_that_ended_while_a_host_was_cut_off_is_refused_by_it(self):
        tokens = self.signed_in()
        self.assertEqual(self.get(self.one, "/verify", tokens).status, 204)
        with self.one.machine.cut_off("back"):
            ask(self.other, "POST", "/logout", {"refreshToken": tokens["refreshToken"]})
            self.assertEqual(self.get(self.one, "/verify", tokens).status, 503)
        eventually(lambda: self.get(self.one, "/verify", tokens).status != 503, "it is used again")
        self.assertEqual(self.get(self.one, "/verify", tokens).status, 401)

    def test_G1_a_store_that_is_stopped_is_used_again_when_it_is_back(self):
        tokens = self.signed_in()
        self.site.store.kill()
        self.assert_unavailable(self.site.hosts, tokens)
        self.site.store.start()
        self.assert_served(self.site.hosts, tokens)

    def test_G1_a_store_that_takes_connections_and_says_nothing_holds_nobody_up_for_long(self):
        tokens = self.signed_in()
        self.site.store.pause()
        try:
            self.assert_unavailable(self.site.hosts, tokens)
        finally:
            self.site.store.go_on()
        self.assert_served(self.site.hosts, tokens)

    def test_G2_V6_changes_that_are_cut_off_while_they_are_under_way_sign_nobody_out(self):
        load = Load(self.site, people=2)
        with load:
            for number in range(6):
                time.sleep(0.7)
                with self.site.hosts[number % 2].machine.cut_off("back"):
                    time.sleep(0.4)
            time.sleep(2)
        self.assert_nobody_signed_out(load)

    def test_G1_V3_a_slow_and_lossy_store_signs_nobody_out(self):
        load = Load(self.site, people=2)
        with self.one.machine.slowed("back", (50, 200), loss=3):
            with self.other.machine.slowed("back", (50, 200), loss=3), load:
                time.sleep(10)
        self.assert_nobody_signed_out(load)

    def test_G1_a_store_that_takes_seconds_for_a_command_holds_nobody_up_for_long(self):
        tokens = self.signed_in()
        with self.one.machine.slowed("back", (2500, 2500)):
            begin = time.monotonic()
            self.assertEqual(self.refresh(self.one, tokens["refreshToken"]).status, 503)
            self.assertEqual(self.get(self.one, "/verify", tokens).status, 503)
            self.assertLess(time.monotonic() - begin, 2 * LONGEST)
            # Others of the host are served meanwhile.
            self.assertEqual(ask(self.one, "GET", "/password-policy").status, 200)
        self.assert_served(self.site.hosts, tokens)


class FilesLinkTests(ClientLinkTests, HostTestCase):
    store = stores.Files


class RedisLinkTests(StoreLinkTests, ClientLinkTests, HostTestCase):
    store = stores.Redis


class PostgreSQLLinkTests(StoreLinkTests, ClientLinkTests, HostTestCase):
    store = stores.PostgreSQL


if __name__ == "__main__":
    unittest.main()
