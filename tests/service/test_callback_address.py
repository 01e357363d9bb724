"""Callbacks go to public http(s) addresses, and to the very address that was checked."""

import ipaddress
import socket

import pytest

from service.callback.address import AddressRefused, Target, check_url, is_public, resolve


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://forum.example.org/heed", Target("https", "forum.example.org", 443, "/heed")),
        ("http://forum.example.org", Target("http", "forum.example.org", 80, "/")),
        ("https://forum.example.org:8443/a?b=c", Target("https", "forum.example.org", 8443, "/a?b=c")),
        ("https://bücher.example/x", Target("https", "xn--bcher-kva.example", 443, "/x")),
        ("http://93.184.215.14/", Target("http", "93.184.215.14", 80, "/")),
        ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", None),
    ],
)
def test_a_public_address_is_taken(url, target):
    assert check_url(url, allow_private=False) == (target or check_url(url, allow_private=True))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "forum.example.org/heed",
        "ftp://forum.example.org/",
        "file:///etc/passwd",
        "gopher://forum.example.org/",
        "https://",
        "https:///heed",
        "https://robin:secret@forum.example.org/",
        "https://@forum.example.org/",
        "https://forum.example.org:99999/",
        "https://forum.example.org/a b",
        "https://forum.example.org/a\r\nHost: elsewhere",
        "https://[::1/",
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_proper_url_is_refused_always(url, allow_private):
    with pytest.raises(AddressRefused) as refused:
        check_url(url, allow_private=allow_private)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "localhost..",
        "x.localhost",
        "127.0.0.1",
        "127.0.0.1.",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::1]",
    ],
)
def test_private_literals_are_refused_unless_allowed(host):
    with pytest.raises(AddressRefused, match="HEED_ALLOW_PRIVATE_CALLBACKS"):
        check_url(f"http://{host}/", allow_private=False)
    assert check_url(f"http://{host}/", allow_private=True).host == host.strip("[]")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("172.32.0.1", True),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.0", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("2002:7f00:1::", False),
        ("2002:0a00:0001::", False),
        ("192.0.0.192", False),
        ("192.88.99.1", False),
        ("168.63.129.16", False),
        ("64:ff9b:1::5db8:d70e", False),
        ("3fff::1", False),
        ("5f00::1", False),
        ("::ffff:168.63.129.16", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize("name", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_odd_spellings_of_loopback_are_refused_once_resolved(name):
    """As the system's own resolver reads them."""
    target = check_url(f"http://{name}/", allow_private=False)
    with pytest.raises((AddressRefused, OSError)):
        resolve(target, allow_private=False)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    answers = [("93.184.215.14", 80), ("10.0.0.7", 80)]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", a) for a in answers]
    )
    target = check_url("http://forum.example.org/")
    with pytest.raises(AddressRefused):
        resolve(target, allow_private=False)
    assert resolve(target, allow_private=True) == ["93.184.215.14", "10.0.0.7"]


def test_the_setting_decides_where_nothing_is_said(settings_env):
    with pytest.raises(AddressRefused):
        check_url("http://127.0.0.1/")
    settings_env(HEED_ALLOW_PRIVATE_CALLBACKS=True)
    assert check_url("http://127.0.0.1/").host == "127.0.0.1"
