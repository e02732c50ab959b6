"""The query language: what parses, where it does not, and what is found."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tests.laws import examples
from tui.domain.query.complete import completions
from tui.domain.query.language import CHOICES, Key, Op, Term
from tui.domain.query.query import EVERYTHING, Query, QueryIndex, parse_query
from tui.domain.query.vocabulary import Vocabulary
from tui.domain.snapshot.snapshot import EMPTY
from tui.errors import InvalidQuery
from tui.presenters.elsewhere import meant_words

ESTATE = e.estate()


def names(text: str) -> tuple[set[str], set[str], int]:
    """What a query finds, by short names, and how many images could not be told."""
    found = parse_query(text).images(ESTATE, e.NOW)
    return {key.digest[7] for key in found.images}, {key.name for key in found.workloads}, found.undecided


@pytest.mark.parametrize(
    ("text", "images", "workloads", "undecided"),
    [
        ("", "b a 9 1 2 3", "api ledger nightly dns typo", 0),
        ("ledger", "1", "ledger", 0),
        ("LEDGER", "1", "ledger", 0),
        ("payments/api:1.8", "a 9", "api nightly", 0),  # the old build runs under this name in the spec of `api`
        ("contoso.azurecr.io/payments/api:1.8.2", "a 9", "api nightly", 0),
        ("payments/api@sha256:aaaa", "a", "api nightly", 0),
        ("sha256:cccc", "a", "api nightly", 0),
        ("aaaaaaaaaaaa", "a", "api nightly", 0),
        ("digest:9999", "9", "api", 0),
        ("ns:payments", "a 9 1 2", "api ledger", 0),
        ("ns:pay", "", "", 0),
        ("ns:pay*", "a 9 1 2", "api ledger", 0),
        ("ctx:neu", "a 2", "nightly dns typo", 0),
        ("ctx:neu -ns:kube-system", "a", "nightly typo", 0),
        ("-ns:payments proxy", "2", "dns", 0),
        ("repo:payments/*", "a 9 1", "api ledger nightly typo", 0),
        ("repo:api", "a 9", "api nightly typo", 0),
        ("kind:deploy", "a 9 2", "api typo", 0),
        ("kind:CronJob", "a", "nightly", 0),
        ("team:pay", "a 9 2", "api", 0),
        ("is:running", "a 9 1 2", "api ledger dns", 0),
        ("is:running api ns:payments -proxy", "a 9", "api", 0),
        ("is:unused", "b 3", "", 0),
        ("is:stuck", "", "typo", 0),
        ("is:suspended", "a", "nightly", 0),
        ("is:managed", "a 9 2", "api", 0),
        ("is:untagged", "9", "api", 0),
        ("is:absent", "", "", 1),  # the ledger was refused: nobody said that it is gone
        ("is:declared", "a 1 2", "api ledger nightly dns", 0),
        ("is:multiarch", "a", "api nightly", 3),  # of three images nobody told the platforms
        ("is:base", "b", "", 0),
        ("is:scheduled", "", "", 0),  # the only CronJob is suspended
        ("is:scaled-to-zero", "", "", 0),
        ("is:rollback", "", "", 0),
        ("is:outdated", "9", "api", 2),  # python's base and the ledger's are not known
        ("is:faulty", "9 1 2", "api ledger dns typo", 0),
        ("is:drifted", "a 9", "api", 1),
        ("drift:mixed", "a 9", "api", 1),
        ("drift:unknown", "1", "ledger typo", 0),
        ("verdict:fail", "9", "api", 1),
        ("verdict:unknown", "1", "ledger typo", 0),
        ("verdict:pass", "b a 3", "nightly", 1),
        ("-verdict:pass", "9 2", "api dns", 1),
        ("check:age=fail", "9", "api", 4),
        ("check:signature=off", "a", "api nightly", 0),
        ("age>90d", "9 3", "api", 1),
        ("age<=3d", "a 2", "api nightly dns", 1),
        ("base:debian", "b a 9", "api nightly", 1),
        ("base:python ns:batch", "a", "nightly", 0),
        ("-base:python", "2 3", "api dns", 2),
        ("base:sha256:dddddd", "b a 9", "api nightly", 1),
        ("cve:CVE-2026-1", "", "", 6),
        ("-cve:CVE-2026-1", "", "", 6),
        ("pkg:openssl ns:payments", "", "", 4),
        ("sev>=high is:unsigned", "", "", 6),
        ("is:unsigned", "", "", 6),
    ],
)
def test_finds(text: str, images: str, workloads: str, undecided: int) -> None:
    assert names(text) == (set(images.split()), set(workloads.split()), undecided)


@pytest.mark.parametrize(
    ("text", "position", "remedy"),
    [
        ("nss:prod", 0, "repo, base, digest, ns, ctx"),
        ("api  foo:bar", 5, "Keys are"),
        ("verdict:bad", 8, "pass, warn, fail, unknown"),
        ("is:", 3, "right after the key"),
        ("-", 0, "-word"),
        ("--x", 0, "quotes"),
        ('ns:"a b', 3, 'closing `"`'),
        ('"a"b', 3, "spaces"),
        ('a"b"', 1, "whole word"),
        ('""', 0, "quotes"),
        ("check:scan", 6, "registry, signature, scan"),
        ("check:scan=bad", 6, "NAME=STATE"),
        ("age:90d", 3, "age>90d"),
        ("age>soon", 4, "90d"),
        ("age=3d", 3, "age>90d"),
        ("ns>3", 2, "`ns:"),
        ("x>3", 0, "quotes"),
        ("sev>=awful", 5, "low, medium, high, critical"),
        ("x" * 3000, 2000, "less"),
    ],
)
def test_says_where_it_does_not_parse_and_what_is_allowed(text: str, position: int, remedy: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        parse_query(text)
    assert raised.value.position == position
    assert remedy in raised.value.remedy


@pytest.mark.parametrize(
    "text",
    ["nginx:1.25", "nginx:latest", "payments-api:stable", "localhost:5000/x", "docker.io/library/nginx", "a/b@sha256:3f2a"],
)
def test_a_pasted_name_is_a_word(text: str) -> None:
    assert parse_query(text).terms == (Term(Key.WORD, text),)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("CVE-2026-1234", Key.CVE),
        ("cve-2026-1", Key.CVE),
        ("CVE-2026-12*", Key.CVE),
        ("GHSA-abcd-1234-x0yz", Key.CVE),
        ("RHSA-2026:1234", Key.CVE),
        ("DSA-5678-1", Key.CVE),
        ("USN-6789-2", Key.CVE),
        ("GO-2026-1234", Key.CVE),
        ("RUSTSEC-2026-0001", Key.CVE),
        ("ALAS2-2026-123", Key.CVE),
        ("sha256:3f2a", Key.DIGEST),
        ("SHA512:ab", Key.DIGEST),
        ("a" * 64, Key.DIGEST),
        ("cve-exporter", Key.WORD),
        ("CVE-2026", Key.WORD),
        ("decade", Key.WORD),
        ("go-2026", Key.WORD),
        ("sha256:xyz", Key.WORD),
        ("app@sha256:3f2a", Key.WORD),
        ('"CVE-2026-1234"', Key.WORD),
        ('"sha256:3f2a"', Key.WORD),
    ],
)
def test_a_bare_identifier_or_digest_asks_for_that(text: str, key: Key) -> None:
    value = text.strip('"')
    assert parse_query(text).terms == (Term(key, value),)
    assert parse_query(f"-{text}").terms == (Term(key, value, negated=True),)
    assert parse_query(parse_query(text).text).terms == (Term(key, value),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("debian", "Nothing has “debian” as a name; 3 images have it as `base:`."),
        ("ns:ledger", "Nothing has “ledger” as a namespace; 1 image has it in a name, 1 image has it as `repo:`."),
        ("payments repo:batch", "Nothing has “batch” as a repository; 1 image has it in a name, 1 image has it as `ns:`."),
        ("nowhere", ""),
        ("payments", ""),
        ("-payments is:stuck is:signed", ""),
        ("paymnts", "Nothing has “paymnts” as a name. Did you mean `payments`?"),
        ("ns:Paymets", "Nothing has “Paymets” as a namespace. Did you mean `ns:payments`?"),
        ("is:running ctx:prod-wue", "Nothing has “prod-wue” as a context. Did you mean `ctx:prod-weu`?"),
        ("base:debain", "Nothing has “debain” as a base. Did you mean `base:debian`?"),
        ("kind:Deploymnt", "Nothing has “Deploymnt” as a kind. Did you mean `kind:Deployment`?"),
        ("paymnts*", ""),
        ("cve:CVE-2026-9999", ""),
        ("ns:q", ""),
    ],
)
def test_what_finds_nothing_is_looked_for_as_something_else_and_under_the_nearest_name(text: str, words: str) -> None:
    assert meant_words(parse_query(text).terms, QueryIndex(ESTATE), e.NOW) == words


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("is:runing", "is:running"),
        ("-is:runing", "is:running"),
        ("verdict:fial", "verdict:fail"),
        ("sev>=hgh", "sev>=high"),
        ("check:sacn=fail", "check:scan=fail"),
        ("check:sigature", "check:signature=fail"),
        ("check:signed", "is:signed"),
        ("verdict:stuck", "is:stuck"),
        ("is:critical", "sev:critical"),
        ("chekc:scan=fail", "check:"),
        ("namespace:prod", "ns:"),
        ("cluster:weu", "ctx:"),
        ("Severty>=high", "sev>="),
    ],
)
def test_a_word_of_the_language_that_is_typed_wrong_is_answered_with_the_nearest(text: str, meant: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_query(text)
    assert caught.value.remedy.startswith(f"Did you mean `{meant}`? ")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("is:runing", "is:running"),
        ("chekc:signatur", "check:signature="),
        ("ns:paymnts", "ns:payments"),
        ("-namespace:paym", "-ns:payments"),
        ("paymnts", "payments"),
        ("base:debain", "base:debian"),
    ],
)
def test_where_nothing_begins_as_it_is_typed_the_nearest_is_offered(typed: str, offered: str) -> None:
    terms = [completion.term for completion in completions(typed, len(typed), Vocabulary(ESTATE))]
    assert offered in terms


def test_a_key_in_capitals_and_a_quoted_value_are_understood() -> None:
    assert parse_query('NS:"a \\"b\\\\"').terms == (Term(Key.NS, 'a "b\\'),)


@pytest.mark.parametrize(("word", "found"), [("ledger-0", True), ("LEDGER-", True), ("edger-0", False), ("ledger-1", False)])
def test_the_name_of_a_pod_or_its_beginning_finds_its_workload(word: str, found: bool) -> None:
    workload = next(workload for key, workload in ESTATE.workloads.items() if key.name == "ledger")
    [container] = workload.containers
    pods = tuple(msgspec.structs.replace(pod, name=f"ledger-{place}") for place, pod in enumerate(container.pod_refs[:1]))
    other = msgspec.structs.replace(
        workload,
        key=msgspec.structs.replace(workload.key, name="renamed"),
        containers=(msgspec.structs.replace(container, name="c", image="r.example/x:1", pod_refs=pods),),
    )
    estate = dataclasses.replace(ESTATE, workloads={**ESTATE.workloads, other.key: other})
    names = {key.name for key in parse_query(word).images(estate, e.NOW).workloads}
    assert ("renamed" in names) is found


@given(st.text(max_size=60) | st.text('abins:"\\ ->=<9dsv', max_size=30))
def test_any_text_parses_or_says_where_not(text: str) -> None:
    fault, query = attempt(text)
    if fault is None:
        assert parse_query(query.text) == query
    else:
        assert 0 <= fault.position <= len(text)
        assert fault.remedy


def attempt(text: str) -> tuple[InvalidQuery | None, Query]:
    """The fault of a text, or the query that it means."""
    try:
        return None, parse_query(text)
    except InvalidQuery as error:
        return error, EVERYTHING


TEXTS = st.text(min_size=1, max_size=12)
TERMS_OF_STATE = [Term(key, value) for key, values in CHOICES.items() for value in values]
TERMS = (
    st.builds(Term, st.sampled_from([Key.WORD, Key.NS, Key.REPO, Key.CVE, Key.BASE]), TEXTS, negated=st.booleans())
    | st.sampled_from(TERMS_OF_STATE)
    | st.builds(Term, st.just(Key.AGE), st.sampled_from(["1s", "90d", "2y"]), st.sampled_from([Op.OVER, Op.AT_MOST]))
)


@given(st.lists(TERMS, max_size=4))
def test_parsing_what_was_formatted_gives_the_same_query(terms: list[Term]) -> None:
    query = Query(tuple(terms))
    assert parse_query(query.text) == query


@examples(60)
# A negated term is decided for the image as a whole: what else is asked here must be about images, too.
@given(st.sampled_from([*TERMS_OF_STATE]), st.sampled_from(["base:debian", "age>1d", "api", ""]))
def test_nothing_is_dropped_silently(term: Term, other: str) -> None:
    index = QueryIndex(ESTATE)
    rest = parse_query(other).terms
    whole = Query(rest).images(index, e.NOW)
    yes = Query((*rest, term)).images(index, e.NOW)
    no = Query((*rest, msgspec.structs.replace(term, negated=True))).images(index, e.NOW)
    assert yes.images | no.images <= whole.images
    missing = len(whole.images - yes.images - no.images)
    assert missing <= yes.undecided
    assert missing <= no.undecided


def test_an_empty_estate_finds_nothing() -> None:
    assert parse_query("cve:x").images(EMPTY, e.NOW) == EVERYTHING.images(EMPTY, e.NOW)
