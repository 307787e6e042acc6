"""Zero accidental sign-outs. POSTERN_TEST_LONG makes it long."""

import os

from soak import is_good, soak


def test_soak_nobody_is_signed_out_by_accident():
    long = bool(os.environ.get("POSTERN_TEST_LONG"))
    browsers, seconds = (50, 300) if long else (6, 20)
    counts = soak(browsers, tabs=3, seconds=seconds, pause=4 if long else 2)
    print(counts)
    assert counts["refreshes"] > 0 and counts["cutAfter"] > 0 and counts["killed"] > 0
    assert is_good(counts), counts
