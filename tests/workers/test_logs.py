"""Logs hold one line an event and none of an exception's words."""

import json
import os
import subprocess
import sys
from datetime import datetime

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


NAMED = """
import logging
from workers.logs import start_logs
start_logs()
logging.getLogger("workers.classify").info("read %(read)d of %(claimed)d posts", {"read": 2, "claimed": 3})
logging.getLogger("a.library").warning("said %(less)s", {"less": "little", "more": "my marmalade sorrow"})
logging.getLogger("workers.sweep").info("of %s", "one line\\nor two")
try:
    raise ValueError("my marmalade sorrow")
except ValueError:
    logging.getLogger("rq.worker").exception("job failed")
"""


def test_as_json_each_line_is_an_object_that_names_what_it_says():
    environment = {**os.environ, "HEED_LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", NAMED], capture_output=True, text=True, env=environment)
    named, library, plain, failed = map(json.loads, done.stderr.splitlines())
    assert datetime.fromisoformat(named.pop("time")).tzinfo and named.pop("process") > 0
    assert named == {
        "read": 2,
        "claimed": 3,
        "level": "INFO",
        "logger": "workers.classify",
        "message": "read 2 of 3 posts",
    }
    assert library["message"] == "said little" and "more" not in library
    assert plain["message"] == "of one line or two"
    assert failed["message"].startswith("job failed (ValueError at ") and "marmalade" not in done.stderr
