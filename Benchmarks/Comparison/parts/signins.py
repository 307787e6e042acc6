"""Signing in: as often as the cores can hash, and what others notice of it."""

from bench import Bench, in_turn, rate
from contenders import LOAD_PASSWORD, compiled
from figures import markdown, number, percentile, table
from load import Paced, wrk_users
from machine import CORES, run


def sign_ins(bench, contender):
    names = [f"load-{number}" for number in range(bench.options.load_users)]
    return wrk_users(
        contender.port, "/login", bench.options.seconds, names, '{"username":"',
        f'","password":"{LOAD_PASSWORD}"}}',
    )


def login(options):
    with Bench(options, ["postern"]) as bench:
        program = compiled(bench.folders, "argon2", "libsodium-dev", "-lsodium")
        limit = "libsodium"
        each = [(limit, lambda: (float(run(program, CORES, options.seconds)), []))]
        each += [(one.name, lambda one=one: rate(sign_ins(bench, one))) for one in bench.contenders]
        title = "POST /login"
        cells = in_turn(options, title, each, bench.nginx.renew)
        yield table(title, "sign-ins a second", cells.values(), cells[limit])

        rows = []
        for contender in bench.contenders:
            contender.token = contender.access_token()
            peak = cells[contender.name].median
            times = {"alone": [], "beside sign-ins": []}
            each = [("alone", lambda: waited(bench, contender, 0, times["alone"]))]
            if peak is not None:
                each.append((
                    "beside sign-ins",
                    lambda: waited(bench, contender, peak / 2, times["beside sign-ins"]),
                ))
            for name, cell in in_turn(
                options, f"{contender.name}, GET /job-list", each, bench.nginx.renew
            ).items():
                more = f" at {number(peak / 2)} a second" if name != "alone" else ""
                figures = ["VOID", "; ".join(cell.faults)]
                if cell.median is not None:
                    figures = [number(percentile(times[name], share)) for share in (50, 99)]
                rows.append([f"{contender.name}, {name}{more}", *figures])
        yield markdown(
            [f"GET /job-list, {options.pace} a second", "median, ms", "99 of 100, ms"], rows
        )


def waited(bench, contender, pace, times):
    """The 99th percentile, with `pace` sign-ins a second beside it. Adds all times to `times`."""
    options = bench.options
    beside = None
    if pace:
        headers = {"Content-Type": "application/json"}
        beside = Paced(contender.port, pace, options.seconds + 0.5, lambda number: (
            "POST", "/login",
            f'{{"username":"load-{number % options.load_users}","password":"{LOAD_PASSWORD}"}}', headers,
        ))
    asked = Paced(contender.port, options.pace, options.seconds, lambda _: (
        "GET", "/job-list", None, {"Authorization": f"Bearer {contender.token}"}
    ))
    faults = asked.finish()
    if beside:
        faults += [f"sign-in: {fault}" for fault in beside.finish()]
    times += asked.times
    return percentile(asked.times, 99), faults
