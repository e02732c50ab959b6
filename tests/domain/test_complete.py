"""What could come next while a query is typed, and how much each would find."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tests.laws import examples
from tui.domain.facts.scan import ImageVulnerability, Severity
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.complete import completions, tally_of
from tui.domain.query.language import CHOICES, Key, quote
from tui.domain.query.query import QueryIndex, parse_query
from tui.domain.query.vocabulary import Vocabulary

ESTATE = e.estate()
INDEX = QueryIndex(ESTATE)


def offered(text: str, cursor: int | None = None, saved: tuple[str, ...] = ()) -> list[str]:
    """The whole queries that are offered."""
    return [offer.text for offer in completions(text, len(text) if cursor is None else cursor, INDEX.words, saved)]


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("n", "ns:"),
        ("ag", "age>"),
        ("se", "sev>="),
        ("is:un", "is:unsigned"),
        ("IS:UN", "is:unsigned"),
        ("api -ns:ku", "api -ns:kube-system"),
        ("-i", "-is:"),
        ("-", "-ns:"),
        ("check:si", "check:signature="),
        ("check:signature=", "check:signature=fail"),
        ("-check:signature=f", "-check:signature=fail"),
        ("check:fail", "check:scan=fail"),
        ("base:py", "base:base/python:3.12"),
        ("led", "ledger"),
        ('"led', '"ledger"'),
        ("kind:d", "kind:DaemonSet"),
        ('ns:"kube', 'ns:"kube-system"'),
        ('-ns:"kube', '-ns:"kube-system"'),
        ('"a b" ns:kube', '"a b" ns:kube-system'),
        ("sev>=h", "sev>=high"),
        ("sev<", "sev<critical"),
        ("age>9", "age>90d"),
        ("age<=", "age<=7d"),
        ("", "is:"),
        ("ns:prod ", "ns:prod is:"),
    ],
)
def test_completes_what_is_begun(text: str, one: str) -> None:
    assert one in offered(text)


@pytest.mark.parametrize(
    "text", ["ns:kube-system", 'ns:"kube-system"', "is:stuck", "ns>k", "digest:sha256:a", 'ns:"a" x"b', "age>90d"]
)
def test_offers_nothing_for_what_is_whole_or_cannot_be(text: str) -> None:
    assert offered(text) == []


def test_completes_only_left_of_the_cursor_at_the_end_of_a_word() -> None:
    assert offered("ns:ku api", 5) == ["ns:kube-system api"]
    assert completions("ns:ku api", 5, INDEX.words)[0].cursor == len("ns:kube-system")
    assert offered("ns:ku api", 4) == []


def test_every_value_of_a_closed_set_is_offered() -> None:
    assert {text.removeprefix("is:") for text in offered("is:")} == set(CHOICES[Key.IS])


def test_vulnerabilities_and_packages_of_the_estate_are_offered() -> None:
    row = ImageVulnerability("CVE-2026-1001", Severity.HIGH, "openssl", "3.0.1")
    image = msgspec.structs.replace(next(iter(ESTATE.images.values())), vulnerabilities=(row,))
    words = Vocabulary(dataclasses.replace(ESTATE, images={image.key: image}))
    assert [offer.text for offer in completions("cve:cve-2026-1", 14, words)] == ["cve:CVE-2026-1001"]
    assert [offer.text for offer in completions("-pkg:ssl", 8, words)] == ["-pkg:openssl"]


def test_saved_queries_are_offered_by_their_names() -> None:
    assert offered("ns:a @", saved=("urgent", "mine")) == ["ns:a @mine", "ns:a @urgent"]
    assert offered("@m", saved=("urgent", "mine")) == ["@mine"]


def test_a_name_with_blanks_goes_in_quotes_and_one_that_deceives_is_left_out() -> None:
    keys = [ObjectKey("c", namespace, "Deployment", "x") for namespace in ("my team", "evil\x1b[31m")]
    workload = next(iter(ESTATE.workloads.values()))
    workloads = {key: msgspec.structs.replace(workload, key=key) for key in keys}
    words = Vocabulary(dataclasses.replace(ESTATE, workloads=workloads))
    assert [offer.text for offer in completions("ns:", 3, words)] == ['ns:"my team"']
    assert [offer.text for offer in completions('ns:"my t', 8, words)] == ['ns:"my team"']


@pytest.mark.parametrize(
    "text", ["is:", "ns:", "-ns:", "ctx:", "drift:", "check:s", "base:", "repo:p", "cve:", "verdict:", "kind:", "led"]
)
def test_what_is_offered_finds_what_it_says(text: str) -> None:
    for offer in completions(text, len(text), INDEX.words):
        tally = tally_of(offer, INDEX, e.NOW)
        if offer.unfinished:
            assert tally is None
            continue
        selection = parse_query(offer.text).images(ESTATE, e.NOW)
        assert tally == (len(selection.images), len(selection.workloads), selection.undecided)


def test_what_is_offered_is_counted_together_with_the_rest() -> None:
    offer = completions("ctx:neu ns:kube", len("ctx:neu ns:kube"), INDEX.words)[0]
    selection = parse_query("ctx:neu ns:kube-system").images(ESTATE, e.NOW)
    assert tally_of(offer, INDEX, e.NOW) == (len(selection.images), len(selection.workloads), selection.undecided)
    broken = completions("nope:x ns:kube", len("nope:x ns:kube"), INDEX.words)
    assert [tally_of(offer, INDEX, e.NOW) for offer in broken] == [None]


@examples(200)
@given(st.text('ns:-"\\ @abpicheck=>.*', max_size=24), st.integers(0, 24))
def test_an_offer_goes_on_from_the_text_and_parses_unless_it_is_unfinished(text: str, cursor: int) -> None:
    cursor = min(cursor, len(text))
    for offer in completions(text, cursor, INDEX.words):
        assert offer.text.endswith(text[cursor:])
        assert offer.text[: offer.cursor].endswith(offer.term)
        if not offer.unfinished:
            parse_query(offer.term)


@examples(100)
@given(st.sampled_from([Key.NS, Key.REPO, Key.BASE, Key.CTX]), st.data())
def test_every_name_of_the_estate_can_be_reached_by_its_beginning(key: Key, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(INDEX.words.values(key)))
    begun = name[: data.draw(st.integers(0, len(name) - 1))]
    assert f"{key}:{quote(name)}" in offered(f"{key}:{begun}" if quote(begun) == begun else f"{key}:")
