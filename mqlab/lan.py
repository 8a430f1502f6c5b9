"""The address of this machine on its local network, and the names it may be called by there: for `lab --lan`."""

from __future__ import annotations

import ipaddress
import re
import socket

# An address reserved for documentation: nobody is there, and nothing is sent. Connecting a datagram socket only
# asks the system which of our own addresses it would send from.
_SOMEWHERE = ("198.51.100.1", 9)
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class NoLanAddress(Exception):
    """The sentence that says why, and what to do."""


def lan_address(wanted: str = "") -> str:
    """This machine's IPv4 address on its network: the one that is `wanted`, or the one it would send from.

    Raises NoLanAddress where there is none, where the wanted one is not this machine's own, and where the one found
    is open to the whole internet: that one has to be wanted."""
    if wanted:
        return _own(wanted)
    found = next((one for one in [_sends_from(), *_of_host_name()] if one and not _loopback(one)), None)
    if found is None:
        raise NoLanAddress(
            "This machine has no address on a network: join the Wi-Fi or plug the cable in, "
            "or name the address in MQLAB_LAN_ADDRESS."
        )
    if not ipaddress.IPv4Address(found).is_private:
        raise NoLanAddress(
            f"This machine's address {found} is open to the whole internet, which --lan is not made for: use "
            "production mode (docs/settings.md), or name the address in MQLAB_LAN_ADDRESS if you mean it."
        )
    return found


def lan_names(address: str, host_name: str) -> list[str]:
    """What a browser may call the server: its address, and the machine's own name where it is a plain one."""
    name = host_name.lower().rstrip(".")
    names = [address]
    if _HOST_NAME.fullmatch(name) and name != "localhost":
        names.append(name)
        if "." not in name:
            names.append(f"{name}.local")  # as mDNS has it
    return list(dict.fromkeys(names))


def _own(wanted: str) -> str:
    try:
        address = str(ipaddress.IPv4Address(wanted.strip()))
    except ValueError as error:
        raise NoLanAddress(
            f"MQLAB_LAN_ADDRESS is {wanted!r}; it names one IPv4 address of this machine, such as 192.168.1.20."
        ) from error
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
        try:
            attempt.bind((address, 0))
        except OSError as error:
            raise NoLanAddress(
                f"MQLAB_LAN_ADDRESS is {address}, which is no address of this machine; leave it out to use the one "
                "that the machine sends from."
            ) from error
    if ipaddress.IPv4Address(address).is_unspecified:
        raise NoLanAddress("MQLAB_LAN_ADDRESS names one address of this machine, not all of them.")
    return address


def _sends_from() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
        try:
            attempt.connect(_SOMEWHERE)
        except OSError:  # no way out: a network without a router
            return None
        return str(attempt.getsockname()[0])


def _of_host_name() -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    except OSError:
        return []


def _loopback(address: str) -> bool:
    parsed = ipaddress.IPv4Address(address)
    return parsed.is_loopback or parsed.is_unspecified
