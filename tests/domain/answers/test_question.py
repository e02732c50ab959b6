"""What a query asks."""

from __future__ import annotations

import pytest

from tui.domain.answers.question import QuestionKind, question_of
from tui.domain.query.query import parse_query

K = QuestionKind


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        ("cve:CVE-2026-1", K.CVE, "CVE-2026-1"),
        ("CVE-2026-1 ns:prod", K.CVE, "CVE-2026-1"),
        ("ns:prod pkg:openssl", K.PACKAGE, "openssl"),
        ("base:debian payments", K.BASE, "debian"),
        ("sha256:ab12", K.DIGEST, "sha256:ab12"),
        ("repo:payments/*", K.REPOSITORY, "payments/*"),
        ("payments", K.NAME, "payments"),
        ("is:stuck payments", K.STUCK, "stuck"),
        ("drift:moved", K.MOVED, "moved"),
        ("is:drifted", K.MOVED, "drifted"),
        ("verdict:fail", K.OTHER, "verdict:fail"),
        ("-cve:CVE-2026-1", K.OTHER, "-cve:CVE-2026-1"),
        ("cve:CVE-2026-1 cve:CVE-2026-2", K.OTHER, "cve:CVE-2026-1 cve:CVE-2026-2"),
        ("payments api", K.OTHER, "payments api"),
        ("-is:stuck payments", K.NAME, "payments"),
    ],
)
def test_the_kind_and_the_subject(text: str, kind: QuestionKind, subject: str) -> None:
    question = question_of(parse_query(text).terms)
    assert question is not None
    assert (question.kind, question.subject) == (kind, subject)


def test_nothing_is_asked_without_a_word() -> None:
    assert question_of(()) is None
    faults = question_of((), faults=True)
    assert faults is not None
    assert (faults.kind, faults.text) == (QuestionKind.OTHER, "(faults only)")
