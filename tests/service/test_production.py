"""What a public Heed refuses to start with, and to send over."""

import pytest

from service.callback.address import AddressRefused, check_url
from service.callback.send import send
from service.errors import ConfigurationError
from service.settings import DEFAULT_SECRET, load

SOUND = {
    "HEED_ENVIRONMENT": "production",
    "HEED_SECRET_KEY": "k3pt-0utside-of-the-source-" + "x" * 16,
    "HEED_REDIS_URL": "redis://queue",
    "HEED_PUBLIC_URL": "https://heed.example.org",
}
FORUM = "http://forum.example.org/heed"


@pytest.fixture
def production(settings_env):
    settings_env(**SOUND)
    return settings_env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEED_SECRET_KEY", DEFAULT_SECRET),
        ("HEED_SECRET_KEY", "x" * 31),
        ("HEED_REDIS_URL", ""),
        ("HEED_PUBLIC_URL", "http://heed.example.org"),
        ("HEED_PUBLIC_URL", "heed.example.org"),
    ],
)
def test_production_starts_only_with_secrets_of_its_own_and_over_https(production, name, value):
    assert load().secure_cookies
    production(**{name: value})
    with pytest.raises(ConfigurationError, match=name) as refused:
        load()
    assert not value or value not in str(refused.value)


def test_in_production_callbacks_go_over_https_alone(production):
    assert check_url(FORUM.replace("http:", "https:")).scheme == "https"
    with pytest.raises(AddressRefused, match="https"):
        check_url(FORUM)
    answer = send(FORUM, [], "m", {}, seconds=5, allow_private=False)
    assert answer.status is None and "https" in answer.error


def test_within_an_own_network_and_while_developing_http_will_do(production):
    production(HEED_ALLOW_PRIVATE_CALLBACKS="true")
    assert check_url(FORUM).scheme == "http"
    production(HEED_ALLOW_PRIVATE_CALLBACKS="false", HEED_ENVIRONMENT="development")
    assert check_url(FORUM).scheme == "http"
