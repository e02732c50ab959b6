"""What the operator of the demo trusts: a trust policy and trust stores where notation keeps them, and cosign's public keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tui.demo.content import Json
from tui.demo.estate.images import FABRIKAM, LEGACY, MCR
from tui.demo.registry_contents import RegistryContents
from tui.demo.signing.certificates import pem_of, spki_pem
from tui.demo.signing.signers import IDENTITY, Signers

__all__ = ["write_cosign_keys", "write_trust"]

STAMPS = "contoso-stamps"


def write_trust(directory: Path, signers: Signers, shelves: Iterable[RegistryContents]) -> Path:
    """Notation's configuration directory (specs/cli directory structure; trust-store-trust-policy.md); its path."""
    stores = {
        "ca/contoso": signers.release.anchor,
        "ca/fabrikam": signers.fabrikam.anchor,
        "ca/microsoft": signers.microsoft.anchor,
        f"tsa/{STAMPS}": signers.stamper.anchor,
    }
    for name, der in stores.items():
        _write(directory, f"notation/truststore/x509/{name}/root.crt", pem_of(der))
    names = {shelf.host: sorted(shelf.repositories) for shelf in shelves}
    return _write(directory, "notation/trustpolicy.json", json.dumps(_policy(names), indent=1).encode()).parent


def _policy(names: dict[str, list[str]]) -> Json:
    """One statement for each owner, by the names of the repositories, and Contoso's for all others."""
    scoped = {
        host: [f"{host}/{name}" for name in names.get(host, []) if not name.startswith("mirror/")] for host in (FABRIKAM, LEGACY)
    }
    scoped[MCR] = [f"{MCR}/{name}" for name in names.get(MCR, [])]
    stamped: Json = {"level": "strict", "verifyTimestamp": "afterCertExpiry"}
    contoso = ["ca:contoso", f"tsa:{STAMPS}"]
    statements = [
        _statement("contoso", ["*"], stamped, contoso, IDENTITY["contoso"]),
        _statement("fabrikam", scoped[FABRIKAM], {"level": "strict"}, ["ca:fabrikam"], IDENTITY["fabrikam"]),
        _statement("microsoft", scoped[MCR], {"level": "strict"}, ["ca:microsoft"], IDENTITY["microsoft"]),
        _statement("legacy", scoped[LEGACY], {"level": "permissive"}, ["ca:contoso"], IDENTITY["contoso"]),
    ]
    return {"version": "1.0", "trustPolicies": [statement for statement in statements if statement["registryScopes"]]}


def _statement(name: str, scopes: list[str], verification: Json, stores: list[str], identity: str) -> Json:
    statement: Json = {"name": name, "registryScopes": scopes, "signatureVerification": verification}
    return {**statement, "trustStores": stores, "trustedIdentities": [identity]}


def write_cosign_keys(directory: Path, signers: Signers) -> dict[str, Path]:
    """Public keys by the name that the operator gives them."""
    return {"contoso-pipelines": _write(directory, "cosign/contoso-pipelines.pub", spki_pem(signers.key))}


def _write(directory: Path, name: str, content: bytes) -> Path:
    """A file with its folders, all of them private (parents of mkdir are not)."""
    path = directory / name
    for folder in reversed(path.relative_to(directory).parents):
        (directory / folder).mkdir(mode=0o700, exist_ok=True)
    path.touch(0o600)
    path.write_bytes(content)
    return path
