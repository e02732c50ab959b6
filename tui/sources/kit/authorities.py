"""What certificates are trusted: those of the system, of SSL_CERT_FILE and SSL_CERT_DIR, and of a file of the settings."""

from __future__ import annotations

import os
import ssl
from threading import Lock

from tui.private_files import check_regular

__all__ = ["trusting"]

_contexts: dict[tuple[tuple[str, int], ...], ssl.SSLContext] = {}
_making = Lock()


def trusting(ca_file: str) -> ssl.SSLContext:
    """One context for all who trust the same files as they are now: reading a machine's authorities takes a tenth of a second.

    Raises OSError and ssl.SSLError.
    """
    key = tuple(
        (place, _stamp(place)) for place in (ca_file, os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
    )
    with _making:
        if key not in _contexts:
            # create_default_context honours SSL_CERT_FILE and SSL_CERT_DIR.
            context = ssl.create_default_context()
            # Private CAs often have no key identifiers: docker, oras and az accept them, Python's strict mode (3.13) does not.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if ca_file:
                check_regular(ca_file)
                context.load_verify_locations(cafile=ca_file)
            _contexts[key] = context
        return _contexts[key]


def _stamp(place: str) -> int:
    """When a file was changed last, in nanoseconds; 0 when it is not there."""
    try:
        return os.stat(place).st_mtime_ns if place else 0
    except OSError:
        return 0
