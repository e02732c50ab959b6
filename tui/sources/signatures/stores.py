"""Trust stores on disk: `truststore/x509/<type>/<name>/*` (notation-go dir and verifier/truststore).

A store with anything doubtful in it is not used at all, and says why. Reading is the shell's work, judging only looks names up.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from datetime import datetime
from pathlib import Path

from tui.domain.common.text import clean
from tui.errors import InvalidConfig, NotFound
from tui.private_files import read_regular
from tui.verification.faults import Malformed, said
from tui.verification.notation.policy import PolicyDocument, StoreType, parse_policy
from tui.verification.notation.truststores import TrustStore, TrustStores
from tui.verification.pkix.certificate import Certificate, first_certificate, parse_certificate

__all__ = ["read_policy", "read_store", "read_stores"]

FILE_LIMIT = 1 << 20
MAX_FILES = 1000
_PEM = b"-----BEGIN "
# Blocks and header lines as Go's encoding/pem reads them; it does not look at the label either.
_BLOCK = re.compile(
    rb"^-----BEGIN ([^\r\n]*)-----[ \t]*\r?\n(?:[^:\r\n]*:[^\r\n]*\r?\n)*([A-Za-z0-9+/=\s]*?)^-----END \1-----[ \t]*\r?$",
    re.MULTILINE,
)
POLICY_FILES = ("trustpolicy.oci.json", "trustpolicy.json")


def read_policy(directory: Path) -> PolicyDocument:
    """The trust policy: `trustpolicy.oci.json` when it exists, else `trustpolicy.json`.

    Raises NotFound without either, InvalidConfig for one that cannot be used.
    """
    for name in POLICY_FILES:
        path = directory / name
        if os.path.lexists(path):
            try:
                return parse_policy(_file_bytes(path), str(path))
            except (OSError, ValueError) as error:
                headline = f"the trust policy {path} cannot be used: {_words(error)}"
                raise InvalidConfig(headline, "make it a regular file that only you can write", path=str(path)) from error
    raise NotFound(f"there is no trust policy in {directory}", "write trustpolicy.json there, or name another directory")


def read_stores(directory: Path, document: PolicyDocument, now: datetime) -> TrustStores:
    """Every store that the statements name; a store that cannot be used carries its fault."""
    stores = {store for statement in document.statements for store in statement.stores}
    return TrustStores(tuple(read_store(directory, kind, name, now) for kind, name in sorted(stores)))


def read_store(directory: Path, kind: StoreType, name: str, now: datetime) -> TrustStore:
    """One store; expired certificates stay (a time stamp may still vouch for what they signed), with a note."""
    path = directory / "truststore" / "x509" / kind / name
    try:
        certificates = [certificate for file in _files(path) for certificate in _certificates(file, kind)]
        if not certificates:
            raise Malformed("it holds no certificate")
    except FileNotFoundError:
        return TrustStore(kind, name, fault=f"the trust store {kind}:{name} does not exist")
    except OSError as error:
        return TrustStore(kind, name, fault=f"the trust store {kind}:{name} cannot be read: {_words(error)}")
    except ValueError as error:
        return TrustStore(kind, name, fault=f"the trust store {kind}:{name} cannot be used: {_words(error)}")
    ders = tuple(certificate.der for certificate in certificates)
    notes = [
        f"{certificate.subject} expired {certificate.not_after:%Y-%m-%d}"
        for certificate in certificates
        if certificate.not_after < now
    ]
    return TrustStore(kind, name, ders, notes=tuple(notes))


def _words(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return clean(f"no permission to read {error.filename}", 200)
    if isinstance(error, OSError) and error.strerror:
        return clean(f"{error.strerror}: {error.filename}", 200)
    return said(error)


def _files(path: Path) -> list[Path]:
    if not stat.S_ISDIR(_owned(path).st_mode):
        raise Malformed("it is not a directory (symbolic links are not followed)")
    files = sorted(path.iterdir())
    if len(files) > MAX_FILES:
        raise Malformed(f"it holds more than {MAX_FILES} files")
    return files


def _owned(path: Path) -> os.stat_result:
    """The status of a path that strangers cannot change; the link itself, not its target."""
    status = path.lstat()
    if os.name == "posix" and not stat.S_ISLNK(status.st_mode) and status.st_mode & stat.S_IWOTH:
        raise Malformed(f"everyone may write {path.name}")
    return status


def _file_bytes(path: Path) -> bytes:
    status = _owned(path)
    if not stat.S_ISREG(status.st_mode):
        raise Malformed(f"{path.name} is not a regular file (symbolic links and directories are not followed)")
    if status.st_size > FILE_LIMIT * 4:
        raise Malformed(f"{path.name} is too large")
    return read_regular(path, FILE_LIMIT * 4)


def _certificates(path: Path, kind: StoreType) -> list[Certificate]:
    data = _file_bytes(path)
    if len(data) > FILE_LIMIT:
        raise Malformed(f"{path.name} is too large")
    certificates = _parsed(data, path.name)
    if not certificates:
        raise Malformed(f"{path.name} holds no certificate")
    for certificate in certificates:
        _check_anchor(certificate, kind, path.name)
    return certificates


def _parsed(data: bytes, file: str) -> list[Certificate]:
    try:
        return [parse_certificate(der) for der in _pem_parts(data)] if _PEM in data else _der_parts(data)
    except ValueError as error:
        raise Malformed(f"{file} holds something that is not a certificate: {said(error)}") from error


def _pem_parts(data: bytes) -> list[bytes]:
    """The content of every block, whatever its label; ValueError for one that is not whole."""
    blocks = [match[2] for match in _BLOCK.finditer(data)]
    if data.count(_PEM) != len(blocks):
        raise Malformed("a block is not whole")
    return [base64.b64decode(b"".join(block.split()), validate=True) for block in blocks]


def _der_parts(data: bytes) -> list[Certificate]:
    """The certificates of a file that holds one DER after the other."""
    parts: list[Certificate] = []
    while data:
        parts.append(first_certificate(data))
        data = data[len(parts[-1].der) :]
    return parts


def _check_anchor(certificate: Certificate, kind: StoreType, file: str) -> None:
    """A CA or a self-signed certificate; in a `tsa` store a root (trust-store-trust-policy.md, trust store)."""
    if kind is StoreType.TSA and not certificate.issued_by(certificate):
        raise Malformed(f"{file}: {certificate.subject} is not a root CA")
    if not (certificate.usages.authority or certificate.made(certificate.algorithm, certificate.signed, certificate.signature)):
        raise Malformed(f"{file}: {certificate.subject} is neither a CA nor self-signed")
