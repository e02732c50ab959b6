"""What stands above the steps of a plan: low screens show the first lines alone."""

from __future__ import annotations

import msgspec
import pytest

from tests.domain.plans.kit import world
from tests.domain.plans.test_rebuild import BUILDERS, CHAIN, DEBIAN_OLD, RUNNING, plan_for
from tui.domain.plans.plan import Action, Forecast, Staying
from tui.presenters.glyphs import UNICODE
from tui.presenters.plan import plan_heading

PLAN = plan_for(world(CHAIN, RUNNING, BUILDERS), DEBIAN_OLD)
OTHERS = tuple(Staying(f"CVE-2005-{number}", 10, "no fix known") for number in range(100, 130))
ASKED = Staying("CVE-2026-90131", 3, "not known whether the newest base has it")


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (Forecast(("CVE-2026-90242",), OTHERS, (ASKED, *OTHERS)), "CVE-2026-90131 is not known in 3 images: "),
        (Forecast(("CVE-2026-90242",), (ASKED, *OTHERS), OTHERS), "CVE-2026-90131 stays in 3 images: "),
        (Forecast(("CVE-2026-90131", "CVE-2026-1"), OTHERS, OTHERS), "Clears CVE-2026-90131."),
    ],
    ids=["cannot be told", "stays", "goes"],
)
def test_what_becomes_of_what_was_asked_for_comes_before_all_else(forecast: Forecast, words: str) -> None:
    plan = msgspec.structs.replace(PLAN, query="CVE-2026-90131", forecast=forecast)
    lines = ["".join(span.text for span in line.left) for line in plan_heading(plan, 200, UNICODE)]
    findings = [line.strip() for line in lines if "CVE-" in line][1:]
    assert findings[0].startswith(words)
    assert sum(ASKED.finding in line for line in findings) == 1


def test_a_low_screen_has_the_finding_that_was_asked_for_and_no_sentence_cut() -> None:
    untold = tuple(f"Whether a rebuild of contoso.azurecr.io/fulfilment/{name} mends it is not known" for name in "abcdef")
    plan = msgspec.structs.replace(PLAN, query="CVE-2026-90131", forecast=Forecast((), OTHERS, (ASKED,)), unknown=untold)
    most = 8
    lines = ["".join(span.text for span in line.left) for line in plan_heading(plan, 60, UNICODE, most=most)]
    told = " ".join(" ".join(lines).split())
    assert len(lines) <= most
    assert f"{ASKED.finding} is not known in 3 images: {ASKED.reason}." in told
    assert told.endswith("The ticket (c) has the rest.")
    assert told.count("Whether a rebuild") == sum(sentence in told for sentence in untold) > 0


@pytest.mark.parametrize("action", list(Action))
def test_a_plan_without_steps_says_that_nothing_is_to_be_done_only_where_all_is_known(action: Action) -> None:
    nothing = msgspec.structs.replace(PLAN, action=action, steps=(), forecast=None, unknown=())
    unsure = msgspec.structs.replace(nothing, unknown=("What container app of shop should run is not known: it was not read.",))
    told, doubted = (
        ["".join(span.text for span in line.left) for line in plan_heading(plan, 200, UNICODE)] for plan in (nothing, unsure)
    )
    assert [line for line in doubted if "is not known" in line] == [f" {unsure.unknown[0]}"]
    assert any("No step can be planned." in line for line in doubted)
    assert not any("No step can be planned." in line for line in told)
    assert len(told) == len(doubted) - 1
    assert not {line for line in told if "othing" in line} & set(doubted)
