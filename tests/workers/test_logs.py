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


ELSEWHERE = """
import logging, threading
from workers.logs import start_logs
start_logs()

def fail(*_):
    raise ValueError("my marmalade sorrow")

thread = threading.Thread(target=fail)
thread.start()
thread.join()

class Lost:
    __del__ = fail

Lost()
try:
    fail()
except ValueError:
    # As a handler that a library brought along does: it leaves what it wrote in the record.
    brought = logging.StreamHandler(open("/dev/null", "w"))
    logging.getLogger("a.library").addHandler(brought)
    logging.getLogger("a.library").exception("again")
"""


def test_what_fails_in_a_thread_or_where_nobody_can_be_told_is_not_quoted():
    done = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True)
    said = done.stderr.splitlines()
    assert "a thread ended by ValueError at <string>:7" in said[0] and "nobody could be told of ValueError" in said[1]
    assert "again (ValueError at <string>:7)" in said[2] and len(said) == 3
    assert "marmalade" not in done.stderr and done.returncode == 0
