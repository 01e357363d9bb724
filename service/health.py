"""`/healthz`: the process lives. `/readyz`: it can do its work. `/metrics`: what waits and what was decided."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service import traffic
from service.errors import NotFound
from service.metrics import HeedCollector
from service.problems import SAYINGS
from service.settings import settings
from service.store import store
from service.wakeup import queue_ready

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 where the database and the queue answer, else 503; each part says how it is."""
    parts = {"database": _database_ready(), "queue": queue_ready()}
    said = {name: "ok" if good else "down" for name, good in parts.items()}
    good = all(parts.values())
    return jsonify(status="ok" if good else "down", **said), 200 if good else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, the same from every web process: counted in the database and the queue at this moment, and the requests
    of this web server. Not for who comes through the reverse proxy: the counts are of all forums together.
    """
    if settings().trusted_proxies and "X-Forwarded-For" in request.headers:
        raise NotFound(SAYINGS[404])
    registry = CollectorRegistry()
    registry.register(HeedCollector(store()))
    traffic.collect_into(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _database_ready() -> bool:
    try:
        with store().read() as session:
            session.execute(text("SELECT 1 FROM forum LIMIT 1"))
        return True
    except SQLAlchemyError:
        return False
