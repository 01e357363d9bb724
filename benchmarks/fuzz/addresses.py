"""What must hold of any address that a callback is to go to."""

from __future__ import annotations

import http.client
import ipaddress
import random
from collections.abc import Callable
from urllib.parse import urlsplit

from hypothesis import strategies as st

from service.callback.address import NAT64, AddressRefused, check_url, is_public

PRIVATE_V4 = ("127.0.0.1", "10.1.2.3", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "198.18.0.1", "192.0.0.192", "224.0.0.1")  # fmt: skip
PRIVATE_V6 = ("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "::ffff:0:7f00:1", "::127.0.0.1", "64:ff9b:1::7f00:1", "3fff::1", "5f00::1")  # fmt: skip
CHARACTERS = "0123456789abcdefx.:/@[]%\\#? \t\r\n\x00。．ⅰ１é-_"
NAMES = ("localhost", "LOCALHOST.", "x.localhost", "forum.example.org", "bücher.example", "ⓛocalhost", "127。0。0。1", "１２７.0.0.1", "metadata.google.internal")  # fmt: skip
WRAPPED = (
    lambda v4: f"::ffff:{v4}",
    lambda v4: f"64:ff9b::{v4}",
    lambda v4: str(ipaddress.IPv6Address(0x2002 << 112 | int(ipaddress.IPv4Address(v4)) << 80)),
    lambda v4: str(ipaddress.IPv6Address((0x20010000 << 96) | (0xFFFFFFFF ^ int(ipaddress.IPv4Address(v4))))),
    lambda v4: f"::{v4}",
)
"""IPv4 within IPv6: mapped, NAT64, 6to4, Teredo, compatible."""
SPELLED = (
    lambda v4: str(int(ipaddress.IPv4Address(v4))),
    lambda v4: hex(int(ipaddress.IPv4Address(v4))),
    lambda v4: ".".join(f"0{int(part):o}" for part in v4.split(".")),
    lambda v4: ".".join(hex(int(part)) for part in v4.split(".")),
    lambda v4: ".".join([v4.split(".")[0], str(int(ipaddress.IPv4Address(v4)) & 0xFFFFFF)]),
    lambda v4: v4 + ".",
)
"""IPv4 as the system's resolver reads it too: decimal, hexadecimal, octal, with parts left out."""

v4 = st.sampled_from(PRIVATE_V4) | st.ip_addresses(v=4).map(str)
hosts = (
    v4
    | st.sampled_from(NAMES)
    | st.tuples(st.sampled_from(SPELLED), v4).map(lambda pair: pair[0](pair[1]))
    | (
        st.sampled_from(PRIVATE_V6)
        | st.ip_addresses(v=6).map(str)
        | st.tuples(st.sampled_from(WRAPPED), v4).map(lambda pair: pair[0](pair[1]))
    ).map("[{}]".format)  # fmt: skip
    | st.text(max_size=12)
)
SCHEMES = ("http", "https", "HTTP", "ftp", "file", "gopher", "javascript", "http\t", " https")
SLASHES = ("://", ":", ":/", ":\\\\", ":///")
USERS = ("", "", "", "a@", "a:b@", "@", "forum.example.org@", "forum.example.org%40", "forum.example.org\\@")
PORTS = ("", "", ":80", ":0", ":99999", ":٨٠", ":", ":-1", ":8_0")
PATHS = ("", "/", "/heed?x=1", "/\r\nHost: e", "/é", "/%0d%0a", "#@e", "?@e", "\\@e", "/\x00", "/" + "a" * 3000)
urls = st.tuples(*map(st.sampled_from, (SCHEMES, SLASHES, USERS)), hosts, *map(st.sampled_from, (PORTS, PATHS))).map(
    "".join
) | st.text(max_size=40)


def mutated_v4(seed: int) -> Callable[[], str]:
    """IPv4 addresses without end, half of them beside a private one."""
    dice = random.Random(seed)

    def made() -> str:
        near = int(ipaddress.IPv4Address(dice.choice(PRIVATE_V4))) ^ dice.getrandbits(dice.randrange(1, 25))
        return str(ipaddress.IPv4Address(near if dice.random() < 0.5 else dice.getrandbits(32)))

    return made


def mutated_urls(seed: int) -> Callable[[], str]:
    """Addresses without end, put together as `urls` are, and some of their characters changed."""
    dice, v4s = random.Random(seed), mutated_v4(seed)

    def host() -> str:
        match dice.randrange(5):
            case 0:
                return dice.choice(NAMES)
            case 1:
                return dice.choice(SPELLED)(v4s())
            case 2:
                return f"[{dice.choice(WRAPPED)(v4s())}]"
            case 3:
                return f"[{dice.choice((*PRIVATE_V6, str(ipaddress.IPv6Address(dice.getrandbits(128)))))}]"
            case _:
                return v4s()

    def made() -> str:
        scheme = dice.choice(("http", "https")) if dice.random() < 0.7 else dice.choice(SCHEMES)
        slashes = "://" if dice.random() < 0.8 else dice.choice(SLASHES)
        url = f"{scheme}{slashes}{dice.choice(USERS)}{host()}{dice.choice(PORTS)}{dice.choice(PATHS)}"
        for _ in range(dice.choice((0, 0, 1, 2))):
            at = dice.randrange(len(url) + 1)
            url = url[:at] + dice.choice(CHARACTERS) + url[at + dice.randrange(2) :]
        return url

    return made


def refused_or_public(url: str) -> None:
    """An address is refused in words, or leads over http(s) to a host that is no private address; nothing of it breaks a request."""
    try:
        target = check_url(url, allow_private=False)
    except AddressRefused as refused:
        assert "a:b" not in str(refused)
        return
    assert target.scheme in ("http", "https") and target.host.isascii() and 0 < target.port < 65536
    assert urlsplit(url).username is None
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.putrequest("POST", target.path)
    try:
        address = ipaddress.ip_address(target.host)
    except ValueError:
        assert target.host.rstrip(".") != "localhost" and not target.host.rstrip(".").endswith(".localhost")
        return
    assert is_public(address)


def wrapped_as_bare(address: str) -> None:
    """IPv4 within IPv6 is as public as it is bare, and never more so."""
    bare = ipaddress.IPv4Address(address)
    for wrap in WRAPPED:
        six = ipaddress.IPv6Address(wrap(address))
        assert not is_public(six) or is_public(bare), six
        assert six not in NAT64 or is_public(six) == is_public(bare)
