"""The pure functions of the comparison."""

import unittest
from xml.etree import ElementTree

from figures import Cell, curves, markdown, milliseconds, number, percentile, read_wrk, table, wide
from plot import lines, round_step

GOOD = """\
Running 5s test @ http://127.0.0.1:20000/job-list
  2 threads and 16 connections
  Latency Distribution
     50%  870.00us
     75%    1.10ms
     90%    1.90ms
     99%    2.00s
  81310 requests in 5.00s, 60.01MB read
Requests/sec:  16253.79
Transfer/sec:     12.00MB
"""


def cell(name, *values, faults=()):
    made = Cell(name)
    for value in values:
        made.add(value, faults)
    return made


class ReadingWrkTests(unittest.TestCase):
    def test_a_good_run_has_rate_times_and_no_faults(self):
        run = read_wrk(GOOD, 200)
        self.assertEqual((run.rate, run.requests), (16253.79, 81310))
        self.assertEqual((run.median, run.p99), (0.87, 2000))
        self.assertEqual(run.faults, [])

    def test_one_answer_that_is_not_2xx_voids_a_run(self):
        self.assertEqual(
            read_wrk(GOOD + "  Non-2xx or 3xx responses: 1\n", 200).faults, ["not 200 × 1"]
        )

    def test_where_all_are_to_be_404_one_other_voids_a_run(self):
        self.assertEqual(read_wrk(GOOD, 404).faults, ["not 404 × 81310"])
        self.assertEqual(read_wrk(GOOD + "  Non-2xx or 3xx responses: 81310\n", 404).faults, [])
        self.assertEqual(
            read_wrk(GOOD + "  Non-2xx or 3xx responses: 81309\n", 404).faults, ["not 404 × 1"]
        )

    def test_statuses_that_were_counted_are_named(self):
        run = read_wrk(GOOD + "status 200: 81000\nstatus 403: 310\nunchanged: 0\n", 200)
        self.assertEqual(run.faults, ["403 × 310"])

    def test_a_token_that_did_not_change_voids_a_run(self):
        run = read_wrk(GOOD + "status 200: 81310\nunchanged: 2\n", 200)
        self.assertEqual(run.faults, ["no new token × 2"])

    def test_a_socket_error_voids_a_run(self):
        text = GOOD + "  Socket errors: connect 0, read 3, write 0, timeout 1\n"
        self.assertEqual(read_wrk(text, 200).faults, ["read error × 3", "timeout error × 1"])

    def test_no_answer_at_all_voids_a_run(self):
        self.assertEqual(read_wrk("", 200).faults, ["no answer"])

    def test_times_have_units(self):
        self.assertEqual(
            [milliseconds(text) for text in ("250.00us", "1.50ms", "2.00s", "1.00m")],
            [0.25, 1.5, 2000, 60_000],
        )


class TableTests(unittest.TestCase):
    def test_a_cell_shows_median_spread_and_ratio(self):
        limit = cell("limit", 1000, 2000, 3000)
        self.assertEqual(
            cell("a", 900, 1000, 12_345).row(limit), ["a", "1,000", "900 – 12,345", "0.50"]
        )
        self.assertEqual(limit.row(limit)[-1], "1")

    def test_one_fault_voids_a_cell_and_is_told_with_its_round(self):
        void = Cell("a")
        void.add(1000)
        void.add(2000, ["403 × 1"])
        self.assertIsNone(void.median)
        self.assertEqual(void.row()[:3], ["a", "VOID", "round 2: 403 × 1"])

    def test_the_limit_comes_first_and_then_the_best(self):
        limit, slow, fast = cell("limit", 9), cell("slow", 1), cell("fast", 20)
        void = cell("void", 30, faults=["502 × 1"])
        shown = table("work", "a second", [void, slow, limit, fast], limit)
        names = [line.split(" | ")[0] for line in shown.splitlines()[2:]]
        self.assertEqual(names, ["| limit", "| fast", "| slow", "| void"])

    def test_where_less_is_better_the_least_comes_first(self):
        shown = table("work", "ms", [cell("a", 3), cell("b", 2)], less_is_better=True)
        self.assertLess(shown.index("| b |"), shown.index("| a |"))

    def test_a_wide_table_has_a_column_for_each_step_and_tells_what_is_void(self):
        shown = wide("work", [
            (1, {"a": cell("a", 5)}), (2000, {"a": cell("a", 6, faults=["502 × 1"])}),
        ])
        self.assertIn("| a | 5.00 | VOID |", shown)
        self.assertIn("VOID, a, 2,000: round 1: 502 × 1", shown)

    def test_all_lines_have_as_many_columns(self):
        shown = markdown(["a", "b"], [["1", "2"]]).splitlines()
        self.assertEqual([line.count("|") for line in shown], [3, 3, 3])

    def test_numbers_have_no_more_digits_than_a_run_can_know(self):
        self.assertEqual(
            [number(value) for value in (16253.79, 100, 99.94, 10, 0.405)],
            ["16,254", "100", "99.9", "10.0", "0.41"],
        )

    def test_a_percentile_is_one_of_the_values(self):
        values = list(range(100, 0, -1))
        self.assertEqual([percentile(values, share) for share in (50, 99, 100)], [50, 99, 100])
        self.assertEqual(percentile([7], 50), 7)


class PlotTests(unittest.TestCase):
    def test_a_plot_is_xml_with_a_line_for_each_contender_and_a_dot_for_each_point(self):
        columns = [
            (1, {"a<b": cell("a<b", 10), "c": cell("c", 5)}),
            (256, {"a<b": cell("a<b", 90), "c": cell("c", 6, faults=["502 × 1"])}),
        ]
        root = ElementTree.fromstring(lines("t", "across", "up", curves(columns)))
        names = [element.tag.split("}")[1] for element in root]
        self.assertEqual((names.count("polyline"), names.count("circle")), (2, 3))

    def test_steps_of_an_axis_are_round(self):
        steps = [round_step(least) for least in (0.7, 1, 3, 21, 4500)]
        self.assertEqual(steps, [1, 1, 5, 50, 5000])


if __name__ == "__main__":
    unittest.main()
