"""Why something has its verdict, as it is read at 80 columns and put into a ticket."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.estates import NOW, company
from tui.domain.answers.why.chain import Why, WhyFact
from tui.domain.answers.why.evidence import Command
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import State
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.answers.why import why_commands, why_lines, why_markdown, why_of
from tui.presenters.glyphs import ASCII, UNICODE
from tui.presenters.keys import ClusterPart, NamespacePart, RowSubject, has_verdict, subject_of
from tui.presenters.markdown import code, fenced, inert
from widgets.text import width_of

HOSTILE = "a\x1b[2J`b`<img src=x> [y](http://z) **c** ```\n# d @e"
WHY = Why(
    "payments/api:1.8.2",
    "contoso.azurecr.io/payments/api@sha256:ab",
    State.FAIL,
    (
        WhyFact(
            "signature",
            State.FAIL,
            "No signature was found.",
            (SourceId(SourceKind.REGISTRY, "contoso.azurecr.io"),),
            NOW,
            "Nothing proves who made it.",
            "Sign it.",
            (Command("what is attached", "oras discover contoso.azurecr.io/payments/api@sha256:ab"),),
        ),
    ),
    "Beside that, age warns.",
)


def subjects(snapshot: Snapshot) -> list[RowSubject]:
    return [
        *(RowSubject(image=key) for key in (*snapshot.images, *snapshot.bases)),
        *(RowSubject(workload=key) for key in snapshot.workloads),
        subject_of((ClusterPart("prod-weu"),)),
        subject_of((ClusterPart("prod-weu"), NamespacePart("shop"))),
    ]


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_row_with_a_verdict_has_a_reason_that_fits(width: int, glyphs: object) -> None:
    snapshot = company()
    for subject in subjects(snapshot):
        assert has_verdict(subject, snapshot)
        why = why_of(subject, snapshot, None)
        assert why is not None
        assert len(why.facts) >= 1
        for line in why_lines(why, NOW, width, ASCII if glyphs is ASCII else UNICODE):
            assert sum(width_of(span.text) for span in (*line.left, *line.right)) <= width


def test_a_digest_in_a_command_is_whole_on_one_line_of_80() -> None:
    reference = f"registry.of.a.team.contoso.example/some/long/repository@sha256:{'a1' * 32}"
    command = Command("what is attached", f"oras discover {reference} --format json")
    why = msgspec.structs.replace(WHY, facts=(msgspec.structs.replace(WHY.facts[0], commands=(command,)),))
    texts = ["".join(span.text for span in line.left) for line in why_lines(why, NOW, 80, UNICODE)]
    assert any(f"sha256:{'a1' * 32}" in text for text in texts)
    assert all(width_of(text) <= 80 for text in texts)
    assert why_commands(why) == f"# what is attached\noras discover {reference} --format json\n"


def test_every_finding_has_a_reason() -> None:
    snapshot = company()
    for finding in find(snapshot):
        why = why_of(RowSubject(finding=finding.key), snapshot, finding)
        assert why is not None
        assert why.verdict is finding.state


def test_what_has_no_verdict_has_no_reason() -> None:
    snapshot = company()
    for subject in (RowSubject(), RowSubject(unreadable=True)):
        assert not has_verdict(subject, snapshot)
        assert why_of(subject, snapshot, None) is None


def test_the_verdict_is_that_of_the_row() -> None:
    snapshot = company()
    for key, image in snapshot.images.items():
        why = why_of(RowSubject(image=key), snapshot, None)
        assert why is not None
        assert why.verdict is image.verdict


def test_a_ticket_has_the_facts_their_source_and_moment_and_whole_commands() -> None:
    assert why_markdown(WHY, NOW) == (
        "## payments/api:1.8.2: not trusted\n"
        "\n"
        "`contoso.azurecr.io/payments/api@sha256:ab`, as of 2026-03-14 10:42 UTC.\n"
        "\n"
        "1. **signature fail**: No signature was found. (registry/contoso.azurecr.io, 2026-03-14 10:42 UTC)\n"
        "   - Meaning: Nothing proves who made it.\n"
        "   - Next step: Sign it.\n"
        "\n"
        "   ```sh\n"
        "   # what is attached\n"
        "   oras discover contoso.azurecr.io/payments/api@sha256:ab\n"
        "   ```\n"
        "\n"
        "Beside that, age warns.\n"
    )


def test_text_of_others_means_nothing_in_a_ticket() -> None:
    fact = msgspec.structs.replace(
        WHY.facts[0], about=HOSTILE, sentence=HOSTILE, step=HOSTILE, commands=(Command(HOSTILE, HOSTILE),)
    )
    text = why_markdown(Why(HOSTILE, HOSTILE, State.FAIL, (fact,)), NOW)
    assert "\x1b" not in text
    outside = re.sub(r"(?s)   (````+)sh\n.*?\n   \1\n", "", text)
    assert "<img" not in outside.replace(code(HOSTILE), "")
    assert not re.search(r"(?m)^# d", text)


@pytest.mark.parametrize("text", ["", "a", "`", "a`b", "``", "a```", "\n", HOSTILE])
def test_code_is_ended_by_nothing_in_it(text: str) -> None:
    shown = code(text)
    ticks = len(shown) - len(shown.lstrip("`"))
    inside = shown[ticks:-ticks] if ticks else ""
    assert "`" * ticks not in inside or not ticks
    assert shown == "" or shown.endswith("`" * ticks)


def test_a_fence_is_longer_than_those_inside() -> None:
    assert list(fenced("sh", ["a ```` b"])) == ["`````sh", "a ```` b", "`````"]
    assert list(fenced("sh", [])) == []


def test_inert_text_is_on_one_line() -> None:
    assert inert("a\nb*c*") == r"a b\*c\*"
