"""The state of a row begins with what the query asks for: rows show what the answer above them counts."""

from __future__ import annotations

import pytest

from tests.domain.answers.test_vulnerability import estate
from tests.domain.scan_kit import CVE
from tests.domain.test_risk import Shop
from tests.estates import company
from tui.domain.facts.retention import RegistryPolicies
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.views.building import build_view
from tui.presenters.views.spec import Filter
from tui.presenters.views.table import view_of
from widgets.rows import RowKey, TreeModel


def states(snapshot: Snapshot, query: str, view: str = "lineage") -> dict[str, str]:
    """The state of every row of an image, by its repository."""
    model = build_view(view_of(view), snapshot, Filter(query), snapshot.as_of, UNICODE).model
    return {key[-1].repository: text(model, key) for key in rows_of(model) if isinstance(key[-1], ImageKey)}


def rows_of(model: TreeModel) -> list[RowKey]:
    keys = list(model.roots())
    for key in keys:
        keys += model.children(key)
    return keys


def text(model: TreeModel, key: RowKey) -> str:
    return "".join(span.text for span in model.row(key).cells[1])


@pytest.mark.parametrize("view", ["lineage", "workloads"])
def test_a_vulnerability_is_told_by_its_package_and_the_version_without_it(view: str) -> None:
    rows = states(estate().snapshot(), f"cve:{CVE}", view)
    assert rows["web"].startswith("openssl ")
    assert "→ 3.1" in rows["web"]
    assert rows["job"].startswith("curl ")
    assert ", no fix" in rows["job"]


def test_other_questions_leave_the_worst_first() -> None:
    rows = states(estate().snapshot(), "web")
    assert not rows["web"].startswith("openssl ")


def test_what_could_vanish_is_told_by_how() -> None:
    shop = Shop()
    shop.list_all({"1": shop.new})
    shop.policies(RegistryPolicies())
    shop.use(shop.old)
    rows = states(shop.snapshot(), "is:at-risk")
    assert rows["shop/api"].startswith("untagged, unlocked")


@pytest.mark.parametrize(("query", "words"), [("check:signature=fail", "unsigned"), ("check:base=fail", "base")])
def test_a_check_that_is_asked_for_comes_first(query: str, words: str) -> None:
    snapshot = company()
    rows = [row for row in states(snapshot, query).values() if words in row]
    assert all(row.startswith(words) or words in row.split(" · ")[0] for row in rows)
