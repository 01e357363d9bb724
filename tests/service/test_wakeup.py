"""Wake-ups: few, small, without text, and no exception where Redis is down."""

import json
import zlib

import pytest
from redis import Redis

from service import wakeup
from service.errors import ConfigurationError
from service.wakeup import JOBS, connect, queue_ready, redis_connection, wake_classify, wake_deliver


@pytest.mark.parametrize(("wake", "queue"), [(wake_classify, "classify"), (wake_deliver, "deliver")])
def test_a_wake_up_is_a_job_without_arguments(valkey, wake, queue):
    assert wake()
    [job] = redis_connection().lrange(f"rq:queue:{queue}", 0, -1)
    stored = redis_connection().hgetall(f"rq:job:{job.decode()}")
    assert json.loads(zlib.decompress(stored[b"data"])) == [JOBS[queue], None, [], {}]
    assert stored[b"description"] == queue.encode()
    assert (int(stored[b"ttl"]), int(stored[b"result_ttl"])) == (wakeup.WAITING_SECONDS, 0)


def test_no_more_wait_than_workers_can_use(valkey):
    for _ in range(5):
        assert wake_classify()
    assert redis_connection().llen("rq:queue:classify") == 1
    redis_connection().sadd("rq:workers:classify", "a", "b", "c")
    for _ in range(5):
        assert wake_classify()
    assert redis_connection().llen("rq:queue:classify") == 3


def test_redis_that_is_down_is_no_exception(settings_env, caplog):
    settings_env(HEED_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert wake_classify() is False and wake_deliver() is False and queue_ready() is False
    assert "secret" not in caplog.text and "sweeper" in caplog.text


def test_no_redis_named_is_no_exception(settings_env):
    settings_env(HEED_REDIS_URL="")
    assert wake_classify() is False and queue_ready() is False
    with pytest.raises(ConfigurationError, match="heed up"):
        redis_connection()


def test_redis_that_answers_is_ready(valkey):
    assert queue_ready()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "127.0.0.1:6379", "sentinel://127.0.0.1:26379", "sentinel://a:b/service"]
)
def test_a_url_that_can_not_be_read_says_how_to_write_it(url):
    with pytest.raises(ConfigurationError, match="redis://"):
        connect(url)


def test_sentinel_names_its_service_account_and_database():
    connection = connect("sentinel://robin:p%40ss@one:26379,two:26380/heed?ignored=1")
    pool = connection.connection_pool
    assert pool.service_name == "heed"
    assert pool.connection_kwargs["password"] == "p@ss" and pool.connection_kwargs["username"] == "robin"
    places = [s.connection_pool.connection_kwargs for s in pool.sentinel_manager.sentinels]
    assert [(place["host"], place["port"]) for place in places] == [("one", 26379), ("two", 26380)]
    assert connect("sentinel://one:26379/heed/3").connection_pool.connection_kwargs["db"] == 3


def test_a_unix_socket_is_a_redis_too():
    connection = connect("unix:///run/valkey.sock?db=2")
    assert isinstance(connection, Redis)
    assert connection.connection_pool.connection_kwargs["path"] == "/run/valkey.sock"
