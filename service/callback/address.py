"""Where callbacks may go: public addresses, in production over https alone, unless `HEED_ALLOW_PRIVATE_CALLBACKS` says otherwise.

A name is resolved once, every address it has is checked, and the connection is made to one of these very addresses:
a name server that answers differently the next moment changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.errors import HeedError
from service.settings import settings

PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
RESERVED = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16"))
)
"""Set aside by IANA's registries, which only newer releases of Python know in full."""
INSIDE_CLOUDS = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Public by its number, and yet a service of the machine's own host (Azure)."""
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(HeedError):
    """A callback must not go there; the message says why and never holds credentials."""


@dataclass(frozen=True)
class Target:
    """A callback's URL in parts; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str


def check_url(url: str, *, allow_private: bool | None = None) -> Target:
    """The parts of a callback URL. Raises AddressRefused, without asking any name server."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise AddressRefused("The callback URL can't be read. Write it as https://forum.example.org/heed.") from None
    if parts.scheme not in PORTS or not host:
        raise AddressRefused("A callback URL starts with https:// (or http://) and names a host.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("A callback URL holds no user name or password: the signature proves who we are.")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise AddressRefused("A callback URL holds no spaces or control characters.")
    if not _private_allowed(allow_private):
        _refuse_plain(parts.scheme)
        _refuse_private_literal(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path.encode("ascii", "ignore").decode())


def resolve(target: Target, *, allow_private: bool | None = None) -> list[str]:
    """The IP addresses to connect to. Raises AddressRefused where any of them is not public, OSError where none is."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not _private_allowed(allow_private) and not all(is_public(ipaddress.ip_address(a)) for a in addresses):
        raise AddressRefused(_REFUSED)
    return addresses


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of the open internet, seen through the ways IPv6 wraps IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local or address.scope_id:
            return False
    if address in INSIDE_CLOUDS or any(address in network for network in RESERVED):
        return False
    odd = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not odd and not address.is_link_local


_REFUSED = (
    "The callback URL leads to a private or reserved address. Give a public one, or set "
    "HEED_ALLOW_PRIVATE_CALLBACKS=true where the forum runs in your own network."
)


def _private_allowed(given: bool | None) -> bool:
    return settings().allow_private_callbacks if given is None else given


def _refuse_plain(scheme: str) -> None:
    if scheme == "http" and settings().environment == "production":
        raise AddressRefused(
            "In production a callback goes over https:// alone, for over http:// whoever is on the way reads along. Give the "
            "forum a certificate, or set HEED_ALLOW_PRIVATE_CALLBACKS=true where it runs in your own network."
        )


def _refuse_private_literal(host: str) -> None:
    # A dot at its end changes nothing of a name; of several, who knows what a resolver makes of them.
    host = host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        raise AddressRefused(_REFUSED)
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return
    if not is_public(literal):
        raise AddressRefused(_REFUSED)
