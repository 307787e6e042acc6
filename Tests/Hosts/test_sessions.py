"""Sessions of one store on two hosts: what one host does holds on the other by the next request."""

import threading
import unittest

import stores
from cases import HostTestCase
from hosts import WORKERS, Client, ask

# So many in turn come to every worker of a host.
EACH_WORKER = 4 * WORKERS


class SessionTests:
    def test_E1_G10_parallel_refreshes_of_one_token_on_both_hosts_give_one_successor(self):
        for _ in range(3):
            token = self.signed_in()["refreshToken"]
            clients = [Client(host) for _ in range(12) for host in self.site.hosts]
            barrier = threading.Barrier(len(clients))
            answers = []

            def refresh(client):
                barrier.wait()
                answers.append(client.ask("POST", "/refresh-token", {"refreshToken": token}))

            threads = [threading.Thread(target=refresh, args=(client,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for client in clients:
                client.close()
            self.assertEqual([answer.status for answer in answers], [200] * len(clients))
            successors = {answer.json["refreshToken"] for answer in answers}
            self.assertEqual(len(successors), 1)
            self.assertNotIn(token, successors)
            # Within the grace, the same answer; and the successor works.
            for host in self.site.hosts:
                self.assertEqual({self.refresh(host, token).json["refreshToken"]}, successors)
            self.assertEqual(self.refresh(self.other, successors.pop()).status, 200)

    def test_E7_a_session_that_ends_on_one_host_is_refused_on_the_other_by_the_next_request(self):
        for host, other in ((self.one, self.other), (self.other, self.one)):
            tokens = self.signed_in()
            for _ in range(EACH_WORKER):
                self.assertEqual(self.get(other, "/verify", tokens).status, 204)
            answer = ask(host, "POST", "/logout", {"refreshToken": tokens["refreshToken"]})
            self.assertEqual(answer.status, 204)
            for _ in range(EACH_WORKER):
                for path in ("/job-list", "/current-user", "/verify"):
                    self.assertEqual(self.get(other, path, tokens).status, 401, path)
            self.assertEqual(
                self.refresh(other, tokens["refreshToken"]).said,
                "403 There is no refresh token for the user")

    def test_E5_a_session_that_ends_by_reuse_on_one_host_is_refused_on_the_other(self):
        tokens = self.signed_in()
        first = self.refresh(self.one, tokens["refreshToken"]).json
        # So many rotations later it is no longer among those that a grace is for.
        fresh = first
        for number in range(10):
            fresh = self.refresh(self.site.hosts[number % 2], fresh["refreshToken"]).json
        self.assertEqual(self.refresh(self.one, tokens["refreshToken"]).said,
                         "403 Refresh token is wrong")
        self.assertEqual(self.get(self.other, "/verify", fresh).status, 401)
        self.assertEqual(self.refresh(self.other, fresh["refreshToken"]).status, 403)

    def test_J12_a_user_who_is_disabled_on_one_host_is_refused_on_the_other(self):
        name = self.new_user()
        tokens = self.site.sign_in(name)
        for _ in range(EACH_WORKER):
            self.assertEqual(self.get(self.other, "/verify", tokens).status, 204)
        self.one.postern("user", "disable", name)
        for _ in range(EACH_WORKER):
            for path in ("/job-list", "/verify"):
                self.assertEqual(self.get(self.other, path, tokens).status, 401, path)
        self.assertEqual(self.refresh(self.other, tokens["refreshToken"]).status, 403)
        # Enabled there, the user signs in here.
        self.other.postern("user", "enable", name)
        self.site.sign_in(name)

    def test_E15_a_restart_of_both_hosts_keeps_sessions_and_what_has_been_replaced(self):
        tokens = self.signed_in()
        fresh = self.refresh(self.one, tokens["refreshToken"]).json
        for host in self.site.hosts:
            host.stop()
        for host in self.site.hosts:
            host.start()
        self.assertEqual(self.refresh(self.other, tokens["refreshToken"]).json["refreshToken"],
                         fresh["refreshToken"])
        self.assertEqual(self.refresh(self.one, fresh["refreshToken"]).status, 200)


class FilesTests(SessionTests, HostTestCase):
    store = stores.Files


class RedisTests(SessionTests, HostTestCase):
    store = stores.Redis


class PostgreSQLTests(SessionTests, HostTestCase):
    store = stores.PostgreSQL


class ThrottleTests:
    settings = {"POSTERN_THROTTLE_ENABLED": "true"}

    def guess(self, host, name, password="a wrong password", source=1, **more):
        fields = {"username": name, "password": password, **more}
        return ask(host, "POST", "/login", fields, source=self.site.source(source)).status

    def test_Q3_guesses_at_a_user_are_counted_over_all_hosts(self):
        name = self.new_user()
        statuses = [self.guess(self.site.hosts[number % 2], name) for number in range(20)]
        self.assertEqual(statuses, [400] * 20)
        for host in self.site.hosts:
            self.assertEqual(self.guess(host, name), 429)
        # Others are admitted.
        self.assertEqual(self.guess(self.other, name, source=2), 400)


class FilesThrottleTests(ThrottleTests, HostTestCase):
    store = stores.Files


class RedisThrottleTests(ThrottleTests, HostTestCase):
    store = stores.Redis


class PostgreSQLThrottleTests(ThrottleTests, HostTestCase):
    store = stores.PostgreSQL


if __name__ == "__main__":
    unittest.main()
