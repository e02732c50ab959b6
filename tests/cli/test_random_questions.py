"""Questions at random, put to every front of one snapshot: all say the same numbers, and the numbers obey what terms mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.asking import Asked
from tests.cli.fronts import answer_of, document, printed, said_by_fronts
from tests.laws import examples
from tui.domain.answers.context import AnswerIndex
from tui.domain.assemble.in_use import only_in_use
from tui.domain.query.language import CHOICES, Key, Op, Term, Trait, format_term
from tui.domain.query.query import EVERYTHING, Query, Selection, parse_query
from tui.domain.query.reach import Reach, reach_of
from tui.domain.query.traits import OF_USE
from tui.domain.snapshot.snapshot import Snapshot

pytestmark = pytest.mark.xdist_group("embedded estate")

NAMES = {
    Key.NS: ("payments", "kube-system", "check*", "*", "nowhere", "p?yments"),
    Key.CTX: ("prod-weu", "neu", "prod-*", "lab"),
    Key.KIND: ("deploy", "sts", "cj", "DaemonSet", "po", "rs"),
    Key.TEAM: ("team-checkout", "team-payments", "team-*", "nobody"),
    Key.REPO: ("payments/*", "base/", "contoso.azurecr.io/checkout/*", "*/node", "zz"),
    Key.BASE: ("debian", "node", "base/dotnet", "distroless", "alp*", "nothing"),
    Key.DIGEST: ("sha256:a", "0", "sha256:zz", "f3"),
    Key.CVE: ("CVE-2026-90355", "CVE-2026-90210", "cve-2026-9*", "CVE-1999-1"),
    Key.PKG: ("openssl", "zlib*", "contoso-trust-bundle", "none"),
    Key.WORD: ("payments", "web", "3.*", "api:", "ml/ranker", "two words", "CVE-2026-90012", "sha256:ab", '"', "-"),
}
WIDER = frozenset({*OF_USE, Trait.AT_RISK})
"""Asked for these, a place has more images than it runs: what its specs name, and what is kept to go back to."""
AGES = ("0d", "1d", "90d", "52w", "3y", "12h")


def named() -> st.SearchStrategy[Term]:
    return st.one_of(*(st.builds(Term, st.just(key), st.sampled_from(values)) for key, values in NAMES.items()))


def chosen() -> st.SearchStrategy[Term]:
    choices = [(key, value) for key, values in CHOICES.items() for value in values]
    return st.sampled_from(choices).flatmap(
        lambda choice: st.builds(Term, st.just(choice[0]), st.just(choice[1]), _op(choice[0]))
    )


def _op(key: Key) -> st.SearchStrategy[Op]:
    return st.sampled_from([Op.OVER, Op.AT_LEAST, Op.UNDER, Op.AT_MOST, Op.IS]) if key is Key.SEV else st.just(Op.IS)


def aged() -> st.SearchStrategy[Term]:
    return st.builds(Term, st.just(Key.AGE), st.sampled_from(AGES), st.sampled_from([Op.OVER, Op.AT_MOST, Op.UNDER]))


def terms() -> st.SearchStrategy[Term]:
    """Any condition, and its negation."""
    term = named() | chosen() | chosen() | aged()
    return term | term.map(lambda it: Term(it.key, it.value, it.op, negated=True))


def questions(most: int = 3) -> st.SearchStrategy[Query]:
    """As they come out of the language: what is not to be had by typing is nobody's question."""
    texts = st.lists(terms(), min_size=1, max_size=most).map(lambda chosen: " ".join(map(format_term, chosen)))
    return texts.map(parse_query).filter(lambda query: bool(query.terms))


_INDEXES: dict[int, AnswerIndex] = {}


def index_of(snapshot: Snapshot) -> AnswerIndex:
    """Made once for all questions."""
    return _INDEXES.setdefault(id(snapshot), AnswerIndex(snapshot))


def found(snapshot: Snapshot, query: Query) -> Selection:
    return query.images(index_of(snapshot), snapshot.as_of)


@examples(15)
@given(query=questions(), place=st.integers(0, 2))
def test_every_front_says_the_same(query: Query, place: int, asked: Asked) -> None:
    snapshot = (asked.loaded, asked.refused, asked.judged_anew[0])[place]
    said = said_by_fronts(snapshot, found(snapshot, query), query.text, index_of(snapshot))
    assert set(said.values()) == {said["json"]}, said


@examples(60)
@given(query=questions(), data=st.data())
def test_the_order_of_terms_and_a_term_said_twice_mean_nothing(query: Query, data: st.DataObject, asked: Asked) -> None:
    shuffled = data.draw(st.permutations([*query.terms, *query.terms[:1]]))
    assert found(asked.loaded, Query(tuple(shuffled))) == found(asked.loaded, query)


@examples(80)
@given(query=questions())
def test_each_further_term_leaves_less(query: Query, asked: Asked) -> None:
    if any(term.key is Key.IS and term.value in WIDER for term in query.terms):
        return
    whole = found(asked.loaded, query)
    for place in range(len(query.terms)):
        wider = found(asked.loaded, Query((*query.terms[:place], *query.terms[place + 1 :])))
        assert whole.images <= wider.images, query.text
        assert whole.workloads <= wider.workloads, query.text


@examples(60)
@given(query=questions())
def test_what_runs_is_the_same_where_the_rest_was_not_read(query: Query, asked: Asked) -> None:
    if reach_of(query.terms) in (Reach.RUNS, Reach.ANY):
        whole, lean = (answer_of(snapshot, query.text, index_of(snapshot)).extent for snapshot in (asked.loaded, lean_of(asked)))
        assert (lean.workloads, lean.pods, lean.running) == (whole.workloads, whole.pods, whole.running)
        assert lean.undecided_running == whole.undecided_running


_LEAN: list[Snapshot] = []


def lean_of(asked: Asked) -> Snapshot:
    """The estate without what nothing uses."""
    if not _LEAN:
        _LEAN.append(only_in_use(asked.loaded))
    return _LEAN[0]


def _has(package: str) -> Callable[[dict[str, Any]], bool]:
    return lambda image: any(package in row["package"] for row in image["vulnerabilities"])


def _old(image: dict[str, Any]) -> bool:
    built, as_of = image["created"] or image["pushed"], image["as_of"]
    return built is not None and datetime.fromisoformat(as_of) - datetime.fromisoformat(built) > timedelta(days=90)


IMAGES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "verdict:fail": lambda image: image["verdict"] == "fail",
    "cve:CVE-2026-90210": lambda image: any(row["id"] == "CVE-2026-90210" for row in image["vulnerabilities"]),
    "pkg:openssl": _has("openssl"),
    "is:unused": lambda image: not image["in_use"],
    "is:running": lambda image: image["pods"] > 0,
    "is:tagged": lambda image: bool(image["tags"]),
    "is:multiarch": lambda image: len(image["platforms"]) > 1,
    "repo:payments/*": lambda image: image["repository"].startswith("payments/"),
    "check:scan=fail": lambda image: any((row["name"], row["state"]) == ("scan", "fail") for row in image["checks"]),
    "age>90d": _old,
}
WORKLOADS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "ns:payments": lambda workload: workload["namespace"] == "payments",
    "ctx:neu": lambda workload: "neu" in workload["cluster"],
    "kind:cj": lambda workload: workload["kind"] == "CronJob",
    "drift:moved": lambda workload: any(container["drift"] == "moved" for container in workload["containers"]),
}


@pytest.mark.parametrize("text", IMAGES)
def test_a_question_finds_what_the_rows_of_a_whole_report_have(text: str, asked: Asked) -> None:
    report = whole_report(asked)
    rows = [{**row, "as_of": report["as_of"]} for row in report["images"]]
    expected = {(row["registry"], row["repository"], row["digest"]) for row in rows if IMAGES[text](row)}
    assert expected
    images = found(asked.loaded, parse_query(text)).images
    assert {(key.registry, key.repository, key.digest) for key in images} == expected


@pytest.mark.parametrize("text", WORKLOADS)
def test_a_place_holds_what_the_rows_of_a_whole_report_have(text: str, asked: Asked) -> None:
    rows = [row for row in whole_report(asked)["workloads"] if WORKLOADS[text](row)]
    assert rows
    expected = {(row["cluster"], row["namespace"], row["kind"], row["name"]) for row in rows}
    keys = found(asked.loaded, parse_query(text)).workloads
    assert {(key.cluster, key.namespace, key.kind, key.name) for key in keys} == expected


_REPORTS: list[dict[str, Any]] = []


def whole_report(asked: Asked) -> dict[str, Any]:
    """The report of everything."""
    if not _REPORTS:
        snapshot = asked.loaded
        _REPORTS.append(json.loads(printed(document(snapshot, EVERYTHING.images(snapshot, snapshot.as_of), ""), "json")))
    return _REPORTS[0]
