"""Logs hold one line an event and none of an exception's words."""

import subprocess
import sys

QUOTES = """
import logging
from workers.logs import start_logs
start_logs()
try:
    raise ValueError("my marmalade sorrow")
except ValueError:
    logging.getLogger("rq.worker").exception("job failed\\nsecond line")
raise KeyError("my marmalade sorrow")
"""


def test_no_exception_is_quoted_whoever_logs_it():
    done = subprocess.run([sys.executable, "-c", QUOTES], capture_output=True, text=True)
    first, second = done.stderr.splitlines()
    assert "job failed second line (ValueError at <string>:6)" in first
    assert "the process ends by KeyError" in second and done.returncode == 1
    assert "marmalade" not in done.stderr and "Traceback" not in done.stderr
