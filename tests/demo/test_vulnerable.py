"""What is vulnerable in the demo, and what scanners do not tell: each case that an operator asks about is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.demo.test_content import NOW, company
from tui.demo.cluster.kinds import kind_of
from tui.demo.content import Json
from tui.demo.estate.signed import CASES, SigningMethod
from tui.demo.vulnerabilities.catalogue import packages
from tui.demo.vulnerabilities.defender import finding_rows
from tui.demo.vulnerabilities.images import Scanned

# Of the stories that the estate tells: a flaw of OpenSSL that newer bases mend, and one without a mend.
HEADLINE, UNFIXED = "CVE-2026-90210", "CVE-2026-90481"

CONTOSO = "contoso.azurecr.io"


def scanned(repository: str, tag: str) -> Scanned:
    """A version before a scanner."""
    return company().scanned.published(company().yard.get(f"{CONTOSO}/{repository}", tag))


def numbers(repository: str, tag: str) -> set[str]:
    """The vulnerabilities of a version."""
    return {one.flaw.id for one in scanned(repository, tag).findings}


def running() -> dict[str, Scanned]:
    """Everything that runs, by digest."""
    containers = [one for cluster in company().clusters for pod in cluster.estate.pods for one in pod.containers if one.image_id]
    found = [company().scanned.running(one.box.image, one.image_id) for one in containers]
    return {one.digest: one for one in found}


def reports(cluster: int) -> Iterator[Json]:
    """trivy-operator's reports of a cluster."""
    for entry in company().clusters[cluster].store.table(kind_of("VulnerabilityReport")).entries.values():
        found = json.loads(entry.item)
        assert isinstance(found, dict)
        yield found


@pytest.mark.parametrize(
    ("base", "old", "new"),
    [
        ("debian", "12.11", "12.12"),
        ("python", "3.12.10", "3.12.11"),
        ("node", "22.17.0", "22.20.0"),
        ("java", "21.0.7", "21.0.9"),
    ],
)
def test_the_headline_is_in_the_bases_of_before_and_not_in_those_of_today(base: str, old: str, new: str) -> None:
    assert HEADLINE in numbers(f"base/{base}", old)
    assert HEADLINE not in numbers(f"base/{base}", new)


def test_the_headline_runs_where_nobody_rebuilt_and_not_where_somebody_did() -> None:
    assert HEADLINE in numbers("fulfilment/labels", "2.2.4") & numbers("notify/sms", "3.0.2")
    assert HEADLINE not in numbers("payments/api", "1.14.2") | numbers("checkout/cart", "5.1.2")
    own = [one for one in scanned("fulfilment/labels", "2.2.4").findings if one.flaw.id == HEADLINE]
    assert [one.package.kind for one in own] == ["debian"]  # it is the base's


def test_one_critical_vulnerability_has_no_fix_and_runs_in_one_place() -> None:
    assert [one.repository for one in running().values() if UNFIXED in {found.flaw.id for found in one.findings}] == [
        "ml/serving"
    ]


def test_most_of_what_runs_has_nothing_that_is_high() -> None:
    bad = [one for one in running().values() if {"high", "critical"} & {found.flaw.nvd for found in one.findings}]
    assert 10 <= len(bad) <= len(running()) / 2


def test_the_catalogue_has_many_vulnerabilities_and_scanners_that_disagree() -> None:
    flaws = {flaw.id: flaw for found in packages().values() for package in found for flaw in package.flaws}
    assert len(flaws) >= 100
    assert any(flaw.severity != flaw.nvd for flaw in flaws.values())
    assert any(not flaw.fixed for flaw in flaws.values())


def test_some_reports_are_missing_and_some_are_old() -> None:
    spaces = [{part(one, "metadata")["namespace"] for one in reports(cluster)} for cluster in (0, 1)]
    assert "vendor" not in spaces[0]
    assert "logistics" in spaces[0] - spaces[1]
    times = [datetime.fromisoformat(str(part(one, "report")["updateTimestamp"])) for one in reports(0)]
    assert min(times) < NOW - timedelta(days=100)
    assert sum(at > NOW - timedelta(days=1) for at in times) > len(times) * 0.9


def test_defender_looks_at_bases_of_any_age_but_not_at_what_nobody_pulls() -> None:
    text = json.dumps(list(finding_rows(company().scanned, [], NOW)))
    assert scanned("base/debian", "12.10").manifest in text
    assert scanned("search/indexer", "6.0").manifest not in text


def test_every_way_to_sign_is_somewhere() -> None:
    habits = {
        SigningMethod.COSE,
        SigningMethod.JWS,
        SigningMethod.STAMPED,
        SigningMethod.COSIGN,
        SigningMethod.BUNDLE,
        SigningMethod.FABRIKAM,
        SigningMethod.MICROSOFT,
        SigningMethod.LISTED,
    }
    assert habits | set(CASES.values()) == set(SigningMethod)


def part(item: Json, name: str) -> Json:
    """A member that is an object."""
    found = item[name]
    assert isinstance(found, dict)
    return found
