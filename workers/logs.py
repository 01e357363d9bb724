"""One line for each event on standard error. Never a post's text, never an exception's own words."""

from __future__ import annotations

import copy
import json
import logging
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

from service import tracing
from service.errors import place
from service.settings import settings

log = logging.getLogger(__name__)

OURS = ("service.", "workers.", "classifiers.")
"""Loggers whose events name what they say: a library may hand over more than it says."""


class OneLine(logging.Formatter):
    """Each record on one line; of an exception, also one that a library logs, its types and place and none of its words."""

    def formatException(self, ei: tuple) -> str:  # noqa: N802
        return f"({kind(ei[1])} at {place(ei[1])})" if ei[1] else ""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        # Another handler may have left the whole exception here.
        record.exc_text = None
        return " ".join(super().format(record).splitlines())


class JsonLine(OneLine):
    """Each record as one JSON object: its time, level, logger and message, what Heed's own events give a name to, and the
    trace it belongs to.
    """

    def format(self, record: logging.LogRecord) -> str:
        named = record.args if isinstance(record.args, Mapping) and record.name.startswith(OURS) else {}
        known = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": super().format(record),
        }
        return json.dumps({**named, **known, **tracing.ids()}, ensure_ascii=False, default=str)


def formatter() -> OneLine:
    """The shape of a line, by `HEED_LOG_FORMAT`."""
    if settings().log_format == "json":
        return JsonLine("%(message)s")
    return OneLine("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")


def start_logs(level: int = logging.INFO) -> None:
    """Set the process's logging up; RQ keeps quiet unless something is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    sys.excepthook = _last_words
    threading.excepthook = _of_a_thread
    sys.unraisablehook = _of_nobody
    for name in ("rq.worker", "rq.job", "rq.queue"):
        # RQ would add a handler of its own, and log each job twice.
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).setLevel(logging.WARNING)


def _last_words(_type: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    log.critical("the process ends by %s at %s", kind(error), place(error))


def _of_a_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        log.error("a thread ended by %s at %s", kind(ended.exc_value), place(ended.exc_value))


def _of_nobody(lost: sys.UnraisableHookArgs) -> None:
    if lost.exc_value is not None:
        log.error("nobody could be told of %s at %s", kind(lost.exc_value), place(lost.exc_value))


def kind(error: BaseException) -> str:
    """What went wrong without its words: the type names of an exception and its causes, outermost first."""
    names, seen = [], set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return " < ".join(names)
