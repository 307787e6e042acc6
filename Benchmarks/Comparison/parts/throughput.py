"""Requests a second: an unknown route, GET /job-list, and GET /verify."""

import pathlib

from bench import Bench, in_turn, rate
from contenders import EmptyLimit
from figures import curves, table, wide
from load import BROWSER_HEADERS, call, wrk
from plot import lines


def unknown_route(bench, contender):
    status = 200 if contender.answers_all else 404
    return explained(contender, "/nothing", {}, wrk(
        contender.port, "/nothing", bench.options.seconds, bench.options.connections, status
    ))


def job_list(bench, contender, headers=None, connections=None):
    headers = {**(headers or {}), "Authorization": f"Bearer {contender.token}"}
    return explained(contender, "/job-list", headers, wrk(
        contender.port, "/job-list", bench.options.seconds,
        connections or bench.options.connections, headers=headers,
    ))


def explained(contender, path, headers, run):
    """wrk only counts the answers that are not as they should be: ask once more what they are."""
    if run.faults:
        status, body = call(contender.port, "GET", path, headers)
        run.faults.append(f"asked after it: {status} {body[:80]!r}")
    return run


WORKS = {
    "an unknown route": unknown_route,
    "GET /job-list": job_list,
    "GET /job-list with a browser's headers": lambda bench, contender: job_list(
        bench, contender, BROWSER_HEADERS
    ),
}


def http(options):
    with Bench(options) as bench:
        for contender in bench.contenders:
            contender.token = contender.access_token()
        for title, work in WORKS.items():
            entries = [
                (one.name, lambda one=one, work=work: rate(work(bench, one)))
                for one in bench.contenders
            ]
            cells = in_turn(options, title, entries, bench.nginx.renew)
            limit = cells[bench.limit.name] if bench.limit else None
            yield table(title, "requests a second", cells.values(), limit)


def verify(options):
    """Who sends a request, asked by token and by cookie, beside a responder that says nothing."""
    with Bench(options, only=[EmptyLimit.name, "postern"], limit=EmptyLimit) as bench:
        for contender in bench.contenders:
            contender.headers = {}
            if contender.signs_in:
                tokens = contender.tokens()
                contender.headers = {
                    "access token": {"Authorization": f"Bearer {tokens['accessToken']}"},
                    "cookie": {"Cookie": f"__Host-refresh={tokens['refreshToken']}"},
                }
        for way in ("access token", "cookie"):
            title = f"GET /verify by {way}"
            entries = [
                (one.name, lambda one=one, way=way: rate(verified(bench, one, way)))
                for one in bench.contenders
            ]
            cells = in_turn(options, title, entries, bench.nginx.renew)
            limit = cells[bench.limit.name] if bench.limit else None
            yield table(title, "requests a second", cells.values(), limit)


def verified(bench, contender, way):
    headers = contender.headers.get(way, {})
    return explained(contender, "/verify", headers, wrk(
        contender.port, "/verify", bench.options.seconds, bench.options.connections, 204, headers
    ))


def connections(options):
    """The same at more and more connections, and a plot of it."""
    steps = [2**power for power in range(options.most_connections.bit_length())]
    options.connections = max(steps)
    with Bench(options) as bench:
        columns = []
        for contender in bench.contenders:
            contender.token = contender.access_token()
        for step in steps:
            entries = [
                (one.name, lambda one=one: rate(job_list(bench, one, connections=step)))
                for one in bench.contenders
            ]
            cells = in_turn(options, f"{step} connections", entries, bench.nginx.renew)
            columns.append((step, cells))
    yield wide("GET /job-list a second, by connections", columns)
    file = pathlib.Path(options.plots) / "requests-by-connections.svg"
    file.write_text(lines("GET /job-list", "connections", "requests a second", curves(columns)))
    yield f"![Requests a second against connections]({file})"
