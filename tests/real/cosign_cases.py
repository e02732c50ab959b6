"""Signatures as a registry may hold them, each with what `cosign verify` (3.1.3) says of it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.real.cosign_bench import Bench, Case
from tests.real.cosign_bundle_cases import bundles, statements
from tests.real.cosign_keyless_cases import keyless
from tests.real.cosign_simple_cases import beside, files_of_keys, kinds_of_keys, logs, payloads, places


def all_cases(bench: Bench) -> Iterator[Case]:
    """Every question, in a fixed order."""
    yield from payloads(bench)
    yield from beside(bench)
    yield from places(bench)
    yield from kinds_of_keys(bench)
    yield from files_of_keys(bench)
    yield from logs(bench)
    yield from bundles(bench)
    yield from statements(bench)
    yield from keyless(bench)
