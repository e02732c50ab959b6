"""The findings that a query is about: those of what it finds, and those whose own text has its words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tui.domain.query.finding import Finding, FindingKey
from tui.domain.query.findings import rank
from tui.domain.query.language import Key, Term
from tui.domain.query.match import text_matcher

__all__ = ["find_asked"]

Search = Callable[[tuple[Term, ...]], Sequence[Finding]]
"""The findings of the images and workloads for which all of these terms hold."""


def find_asked(terms: Iterable[Term], search: Search) -> list[Finding]:
    """Every finding for which each term holds. A word holds for a finding that has it in its own text, and for one of images or
    workloads that are called so: then only these count in it."""
    terms = tuple(terms)
    words = [term for term in terms if term.key is Key.WORD and not term.negated]
    refused = [term for term in terms if term.key is Key.WORD and term.negated]
    others = tuple(term for term in terms if term not in words)
    by_name: dict[tuple[Term, ...], dict[FindingKey, Finding]] = {}
    findings = []
    for finding in search(others):
        text = _text(finding)
        missing = tuple(word for word in words if not _has(text, word))
        if missing and missing not in by_name:
            by_name[missing] = {narrowed.key: narrowed for narrowed in search((*others, *missing))}
        narrowed_finding = by_name[missing].get(finding.key) if missing else finding
        if narrowed_finding is not None and not any(_has(text, word) for word in refused):
            findings.append(narrowed_finding)
    return sorted(findings, key=rank)


def _text(finding: Finding) -> str:
    return "\n".join((finding.what, finding.fix, finding.check, *finding.packages)).lower()


def _has(text: str, word: Term) -> bool:
    return text_matcher(word.value)(text)
