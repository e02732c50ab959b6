"""What an entry of a kubeconfig says of certificates: read, and made into the TLS of its connections.

What is written down counts; a file beside it is refused before (entries).
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import tempfile
from pathlib import Path

import msgspec

from tui.domain.common.text import clean
from tui.errors import InvalidConfig
from tui.private_files import read_regular
from tui.sources.cluster.entries import ClusterEntry, UserEntry
from tui.sources.cluster.execplugin import ExecCredential

__all__ = ["Certificates", "read_certificates"]

# All authorities of an operating system together are a quarter of it.
_MAX_FILE = 1 << 20
_CORRECT = "Correct the kubeconfig."


class Certificates(msgspec.Struct, frozen=True):
    """In PEM: whom the server is verified by (empty: the system's authorities), and how we identify ourselves, if so."""

    authority: bytes = b""
    certificate: bytes = b""
    key: bytes = b""

    def __repr__(self) -> str:
        return f"Certificates(authority_id={self.authority_id!r})"

    @property
    def authority_id(self) -> str:
        """The same for all who trust the same authorities."""
        return hashlib.sha256(self.authority).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Changes with any of them."""
        parts = (self.authority, self.certificate, self.key)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def context(self, *, verify: bool) -> ssl.SSLContext:
        """The TLS of a connection. Raises ssl.SSLError and ValueError for certificates that are none. Reads the system's CAs."""
        # Remarks between the certificates may be in any language. The system's authorities do not count beside those named.
        ascii_only = self.authority.decode("latin-1").encode("ascii", "replace").decode("ascii")
        context = ssl.create_default_context(cadata=ascii_only or None)
        if self.certificate:
            self._identify(context)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        # Cluster CAs are often made without key identifiers; kubectl accepts them, Python's strict mode (3.13) does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context

    def _identify(self, context: ssl.SSLContext) -> None:
        """Python takes a certificate of our own from files only: private ones, for a moment."""
        with tempfile.TemporaryDirectory(prefix="trustree-") as folder:
            certificate, key = Path(folder) / "client.crt", Path(folder) / "client.key"
            certificate.write_bytes(self.certificate)
            key.write_bytes(self.key)
            # An encrypted key would ask for its pass phrase on the terminal.
            context.load_cert_chain(certificate, key if self.key else None, password=lambda: "")


def read_certificates(cluster: ClusterEntry, user: UserEntry, credential: ExecCredential | None) -> Certificates:
    """What the entries hold or name; a plugin's certificate counts before the user's. Raises InvalidConfig and ValueError."""
    if credential is not None and credential.client_certificate_data:
        pair = credential.client_certificate_data.encode(), credential.client_key_data.encode()
    else:
        pair = (
            _content("client-certificate", user.client_certificate_data, user.client_certificate),
            _content("client-key", user.client_key_data, user.client_key),
        )
    authority = _content("certificate-authority", cluster.certificate_authority_data, cluster.certificate_authority)
    return Certificates(authority, *pair)


def _content(key: str, written: str, path: str) -> bytes:
    if not written and not path:
        return b""
    content = base64.standard_b64decode(written.encode()) if written else _file(key, path)
    if not content:  # an empty authority would leave the verification to those of the system
        raise InvalidConfig(f"The {key} of the kubeconfig is empty.", _CORRECT)
    return content


def _file(key: str, path: str) -> bytes:
    try:
        content = read_regular(path, _MAX_FILE)
    except OSError as error:
        why = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise InvalidConfig(f"The {key} {clean(path, 200)} of the kubeconfig {why}.", _CORRECT) from error
    if len(content) > _MAX_FILE:
        raise InvalidConfig(f"The {key} {clean(path, 200)} of the kubeconfig is too large for a certificate.", _CORRECT)
    return content
