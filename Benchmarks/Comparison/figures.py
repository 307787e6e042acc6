"""What is made of measurements: pure functions."""

import re
import statistics
from dataclasses import dataclass, field

UNITS = {"us": 1e-3, "ms": 1, "s": 1000, "m": 60_000}


def milliseconds(text):
    """Of wrk's times: `870.00us`, `1.23ms`, `2.01s`."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


@dataclass
class Run:
    """One run. `faults` says what voids it."""

    rate: float = 0
    requests: int = 0
    faults: list = field(default_factory=list)
    median: float = 0  # in milliseconds, as p99 is
    p99: float = 0


def read_wrk(text, status):
    """The run that wrk tells of, whose every answer should have had `status`."""
    run = Run()
    if found := re.search(r"Requests/sec:\s+([\d.]+)", text):
        run.rate = float(found[1])
    if found := re.search(r"(\d+) requests in", text):
        run.requests = int(found[1])
    for name, attribute in (("50", "median"), ("99", "p99")):
        if found := re.search(rf"^\s+{name}%\s+(\S+)", text, re.M):
            setattr(run, attribute, milliseconds(found[1]))
    # wrk says so of everything but 2xx and 3xx.
    found = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    bad = int(found[1]) if found else 0
    # What users.lua counted; without it nothing is.
    statuses = re.findall(r"^status (\d+): (\d+)$", text, re.M)
    if statuses:
        run.faults += [f"{code} × {times}" for code, times in statuses if int(code) != status]
    elif status < 400 and bad:
        run.faults.append(f"not {status} × {bad}")
    elif status >= 400 and bad != run.requests:
        run.faults.append(f"not {status} × {run.requests - bad}")
    if (found := re.search(r"^unchanged: (\d+)$", text, re.M)) and found[1] != "0":
        run.faults.append(f"no new token × {found[1]}")
    if found := re.search(r"Socket errors: (.*)", text):
        run.faults += [
            f"{kind} error × {times}"
            for kind, times in re.findall(r"(\w+) (\d+)", found[1])
            if times != "0"
        ]
    if run.requests == 0:
        run.faults.append("no answer")
    return run


def number(value):
    """Three digits say more than a run can know."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def percentile(values, share):
    """The smallest of `values` that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


@dataclass
class Cell:
    """All runs of one contender at one work."""

    name: str
    values: list = field(default_factory=list)
    faults: list = field(default_factory=list)

    def add(self, value, faults=()):
        self.values.append(value)
        self.faults += [f"round {len(self.values)}: {fault}" for fault in faults]

    @property
    def median(self):
        return None if self.faults or not self.values else statistics.median(self.values)

    def row(self, limit=None, less_is_better=False):
        if self.median is None:
            return [self.name, "VOID", "; ".join(self.faults) or "not measured", ""]
        ratio = ""
        if limit is not None and limit.median:
            shares = (self.median, limit.median)
            ratio = "1" if self is limit else f"{shares[0] / shares[1]:.2f}"
            if less_is_better and self is not limit:
                ratio = f"{shares[0] / shares[1]:.2f} ×"
        return [
            self.name,
            number(self.median),
            f"{number(min(self.values))} – {number(max(self.values))}",
            ratio,
        ]


def markdown(header, rows):
    """A table; all columns but the first are figures."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def wide(title, columns):
    """A table of medians: a contender a row; `columns` has a number and cells by name for each."""
    names = list(columns[0][1])
    rows = [
        [name] + ["VOID" if cells[name].median is None else number(cells[name].median)
                  for _, cells in columns]
        for name in names
    ]
    notes = [
        f"VOID, {name}, {column:,}: " + "; ".join(cells[name].faults)
        for column, cells in columns for name in names if cells[name].median is None
    ]
    header = [title, *(f"{column:,}" for column, _ in columns)]
    return "\n\n".join([markdown(header, rows), *notes])


def curves(columns):
    """The points of a plot; `columns` has a number and cells by name for each."""
    return {
        name: [(x, cells[name].median) for x, cells in columns if cells[name].median is not None]
        for name in columns[0][1]
    }


def table(title, unit, cells, limit=None, less_is_better=False):
    """One work's table: its contenders, the best first, and below the limit if there is one."""
    order = sorted(
        cells,
        key=lambda cell: (
            cell is not limit,
            cell.median is None,
            (cell.median or 0) * (1 if less_is_better else -1),
        ),
    )
    header = [title, unit, "min – max", "of the limit" if limit else ""]
    rows = [cell.row(limit, less_is_better) for cell in order]
    if not limit:
        header, rows = header[:3], [row[:3] for row in rows]
    return markdown(header, rows)
