"""Why a request got no whole answer: one table of what aiohttp and the system raise; each protocol has its own words for it."""

from __future__ import annotations

import ssl
from enum import StrEnum

import aiohttp

from tui.errors import SourceError, Unreachable

__all__ = ["Trouble", "may_have_arrived", "never_sent", "trouble_of"]


class Trouble(StrEnum):
    """Why there is no whole answer."""

    CERTIFICATE = "certificate"
    TLS = "tls"
    NAME = "name"
    PROXY = "proxy"
    SILENCE = "silence"
    TIME = "time"
    ADDRESS = "address"
    CONNECTION = "connection"
    NOT_HTTP = "not http"
    CUT = "cut"
    OTHER = "other"


def trouble_of(error: Exception) -> Trouble:
    """What went wrong with a request, by what aiohttp and the system raise; the special before the general."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return Trouble.CERTIFICATE
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Trouble.TLS
        case aiohttp.ClientConnectorDNSError():
            return Trouble.NAME
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return Trouble.PROXY
        case aiohttp.SocketTimeoutError():
            return Trouble.SILENCE
        case TimeoutError():
            return Trouble.TIME
        case aiohttp.InvalidURL():
            return Trouble.ADDRESS
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            return Trouble.CONNECTION
        case aiohttp.ClientResponseError():
            return Trouble.NOT_HTTP
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | ConnectionResetError() | aiohttp.ClientOSError():
            return Trouble.CUT
        case ValueError():
            return Trouble.ADDRESS
        case _:
            return Trouble.OTHER


def may_have_arrived(error: BaseException) -> bool:
    """Whether the server may have got the request that failed so: not where no connection ever stood."""
    before = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError, ValueError)
    return not isinstance(error, before)


def never_sent(error: SourceError) -> bool:
    """Whether a request did not even reach the server: no name, no connection, no TLS, or a proxy that refused."""
    before = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL)
    return isinstance(error.__cause__, before) or (isinstance(error, Unreachable) and error.__cause__ is None)
