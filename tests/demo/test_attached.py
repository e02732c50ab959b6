"""What hangs on the demo's images beside signatures: documents about these very images, in the forms of their standards."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.demo.test_content import company
from tui.demo.content import Json
from tui.demo.estate.reports import DOCUMENTS, STATEMENTS

CONTOSO = "contoso.azurecr.io"


def attached(repository: str, kind: str) -> Json:
    """The one document of a type on the newest version."""
    there = company().yard.shelf(CONTOSO).repositories[repository]
    digest = company().yard.newest(f"{CONTOSO}/{repository}").digest
    (stored,) = [one for one in there.referrers(digest) if one.artifact_type == kind]
    (layer,) = json.loads(stored.body)["layers"]
    found = json.loads(there.blobs[layer["digest"]])
    assert isinstance(found, dict)
    return found


def objects(value: object) -> Iterator[Json]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(one)


@pytest.mark.parametrize("repository", DOCUMENTS)
def test_documents_name_the_image_that_they_hang_on(repository: str) -> None:
    kind, _ = DOCUMENTS[repository]
    published = company().yard.newest(f"{CONTOSO}/{repository}")
    text = json.dumps(attached(repository, kind))
    assert published.reference in text or published.digest in text


def test_a_scan_of_the_pipeline_finds_what_is_there() -> None:
    trivy = attached("data/etl", "application/vnd.aquasec.trivy.report+json")
    sarif = attached("notify/sms", "application/sarif+json")
    found = {str(one["VulnerabilityID"]) for one in objects(trivy) if "VulnerabilityID" in one}
    told = {str(one["ruleId"]) for one in objects(sarif) if "ruleId" in one}
    assert "CVE-2005-2541" in found
    assert "CVE-2026-90210" in told
    assert "CVE-2026-90210" not in found  # built on a base with the fix


@pytest.mark.parametrize("repository", STATEMENTS)
def test_statements_are_about_vulnerabilities_that_the_image_has(repository: str) -> None:
    kind, states = STATEMENTS[repository]
    written = json.dumps(attached(repository, kind))
    scanned = company().scanned.published(company().yard.newest(f"{CONTOSO}/{repository}"))
    assert set(states) <= {one.flaw.id for one in scanned.findings}
    assert all(name in written and status in written for name, (status, _) in states.items())
