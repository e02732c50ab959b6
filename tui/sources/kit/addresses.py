"""Where an address is: in the open, or inside a network that outsiders may not send us into.

Sources: the IANA special-purpose registries for IPv4 and IPv6; RFC 4291 2.5.5 (compatible and mapped forms), RFC 6052 and RFC
8215 (`64:ff9b::/96`, `64:ff9b:1::/48`), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 6.1 (ISATAP); 168.63.129.16 answers on every
machine in Azure (learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from tui.domain.common.text import clean

__all__ = ["OnlyZones", "Zone", "ZoneRefused", "is_address", "is_public", "zone_of", "zones_of_host"]

_TRANSLATED = IPv6Network("64:ff9b::/96")
_TRANSLATED_LOCALLY = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_PLATFORM = IPv4Address("168.63.129.16")
_ISATAP = (0x00005EFE, 0x02005EFE)


class Zone(StrEnum):
    """Who can be reached at an address: everybody, or only those inside. RESERVED: nobody that anyone should be sent to."""

    PUBLIC = "public"
    PRIVATE = "private"
    LINK_LOCAL = "link-local"
    LOOPBACK = "loopback"
    RESERVED = "reserved"


def zone_of(address: str) -> Zone:
    """The zone of an address; that of the address inside it where it holds one that is not public. Raises ValueError."""
    parsed = ip_address(address.partition("%")[0])
    zones = [_zone(parsed)] if not isinstance(parsed, IPv6Address) else [*map(_zone, _inside(parsed)), _zone(parsed)]
    return next((zone for zone in zones if zone is not Zone.PUBLIC), Zone.PUBLIC)


def is_address(host: str) -> bool:
    """Whether a host is written as an address."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """True for an address of the public internet, also when it holds another; ValueError when it is none."""
    return zone_of(address) is Zone.PUBLIC


def _zone(address: IPv4Address | IPv6Address) -> Zone:
    if address.is_loopback:
        return Zone.LOOPBACK
    if address.is_link_local or address == _PLATFORM:
        return Zone.LINK_LOCAL
    if isinstance(address, IPv6Address) and (address in _TRANSLATED_LOCALLY or address.is_site_local):
        return Zone.PRIVATE
    if address.is_unspecified or address.is_multicast or (address.is_reserved and not _holds_another(address)):
        return Zone.RESERVED
    return Zone.PUBLIC if address.is_global or _holds_another(address) else Zone.PRIVATE


def _holds_another(address: IPv4Address | IPv6Address) -> bool:
    """Whether another address decides where it leads: these forms count as reserved by themselves."""
    return isinstance(address, IPv6Address) and (
        address.ipv4_mapped is not None or address in _COMPATIBLE or address in _TRANSLATED
    )


def _inside(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that it stands for."""
    low, value = IPv4Address(int(address) & 0xFFFFFFFF), int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _TRANSLATED or (address in _COMPATIBLE and value > 1) or (value >> 32) & 0xFFFFFFFF in _ISATAP:
        yield low
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


async def zones_of_host(host: str) -> frozenset[Zone]:
    """Where the addresses of a host are, as this machine resolves its name; nothing when it does not resolve."""
    if is_address(host):
        return frozenset({zone_of(host)})
    try:
        entries = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(zone_of(str(entry[4][0])) for entry in entries)


class ZoneRefused(OSError):
    """A name leads to where nobody may send us."""


class OnlyZones(AbstractResolver):
    """Resolves names and refuses those with an address elsewhere: what was checked is what is connected to."""

    def __init__(self, inner: AbstractResolver, allowed: Callable[[], Awaitable[frozenset[Zone]]]) -> None:
        self._inner, self._allowed = inner, allowed

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses; ZoneRefused when one of them is where nobody may send us."""
        addresses = await self._inner.resolve(host, port, family)
        allowed = await self._allowed()
        if not all(zone_of(entry["host"]) in allowed for entry in addresses):
            raise ZoneRefused(f"{clean(host, 80)} has an address in a private network")
        return addresses

    async def close(self) -> None:
        """Release the inner resolver."""
        await self._inner.close()
