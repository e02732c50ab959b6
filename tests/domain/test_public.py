"""Which registries everybody reads from, what a digest is, and which tags hold what is attached: each said once."""

from __future__ import annotations

import pytest

from tui.domain.facts.reference import DIGEST_ALGORITHMS, is_digest
from tui.domain.registries.presence import is_attached_tag
from tui.domain.registries.public import PUBLIC, is_public
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.parse import compute_digest


@pytest.mark.parametrize("host", sorted(PUBLIC))
def test_what_statements_may_lead_to_is_never_walked_through(host: str) -> None:
    assert is_public(host)
    assert not RegistryOptions(host=host).surveyed


@pytest.mark.parametrize("host", ["eu.gcr.io", "europe-docker.pkg.dev"])
def test_a_family_of_public_registries_is_public_and_no_statement_leads_to_it(host: str) -> None:
    assert is_public(host)
    assert host not in PUBLIC
    assert not RegistryOptions(host=host).surveyed


@pytest.mark.parametrize(
    "host", ["docker.io.example.com", "xdocker.io", "evilgcr.io", "ghcr.io:8443", "pkg.dev", "quay.io.", "contoso.azurecr.io", ""]
)
def test_what_only_looks_like_a_public_registry_is_none(host: str) -> None:
    assert not is_public(host)
    assert host not in PUBLIC


@pytest.mark.parametrize("algorithm", DIGEST_ALGORITHMS)
def test_every_digest_can_be_computed_and_what_hangs_on_it_found(algorithm: str) -> None:
    digest = compute_digest(b"x", f"{algorithm}:")
    assert digest.startswith(f"{algorithm}:")
    assert is_digest(digest)
    assert is_attached_tag(digest.replace(":", "-"))
    assert is_attached_tag(digest.replace(":", "-") + ".sig")
    assert not is_attached_tag(digest.replace(":", "-")[:-1])
