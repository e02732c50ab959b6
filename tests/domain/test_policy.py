"""Policies: which rules count where, exceptions and their end, and what they make of an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.world import NOW, A, B, World, check, container, digest, image, trusting
from tui.domain.checks.context import ImageContext, Scanners
from tui.domain.checks.scan import check_scan
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import ImageVulnerability, ScanReport, Severity, Vulnerability
from tui.domain.policy.policy import Policy, parse_pattern
from tui.domain.policy.rulebook import RuleBook
from tui.domain.policy.rules import SETTINGS, Rules
from tui.domain.policy.ruling import ruled
from tui.domain.policy.scopes import PolicyTarget, Scope
from tui.domain.policy.waivers import PolicyException
from tui.domain.scans.index import Matched
from tui.domain.scans.scanned import Scanned
from tui.domain.snapshot.snapshot import ImageKey
from tui.errors import InvalidConfig

API = RepositoryName(A, "payments/api")
PROD = PolicyTarget("prod-weu", "payments", API)


def scope(name: str, max_age: int, clusters: str = "", namespaces: str = "", repositories: str = "") -> Scope:
    """A scope that sets the greatest age; its conditions are words."""
    return Scope(
        name,
        (("max_age", max_age),),
        tuple(clusters.split()),
        tuple(namespaces.split()),
        tuple(map(parse_pattern, repositories.split())),
    )


def exception(id: str = "EX-1", until: datetime = NOW + timedelta(days=1), **conditions: object) -> PolicyException:
    """An exception for the age of anything, unless conditions say otherwise."""
    fields: dict[str, object] = {"checks": (CheckName.AGE,), **conditions}
    return msgspec.structs.replace(PolicyException(id, "the vendor is slow", "ann", until), **fields)


# ---- patterns


@pytest.mark.parametrize(
    ("pattern", "registry", "repository", "met"),
    [
        ("contoso.azurecr.io", "contoso.azurecr.io", "a/b", True),
        ("CONTOSO.azurecr.io", "contoso.azurecr.io", "a", True),
        ("contoso.azurecr.io", "contoso.azurecr.io.evil.com", "a", False),
        ("contoso.azurecr.io", "evil.com", "contoso.azurecr.io/a", False),
        ("contoso.azurecr.io", "xcontoso.azurecr.io", "a", False),
        ("contoso.azurecr.io", "contoso.azurecr.io:443", "a", False),
        ("contoso.azurecr.io:443", "contoso.azurecr.io:443", "a", True),
        ("contoso.azurecr.io:443", "contoso.azurecr.io", "a", False),
        ("*.azurecr.io", "contoso.azurecr.io", "a", True),
        ("*.azurecr.io", "a.b.azurecr.io", "a", False),
        ("*.azurecr.io", "azurecr.io", "a", False),
        ("*.azurecr.io", ".azurecr.io", "a", False),
        ("index.docker.io/library/*", "docker.io", "library/nginx", True),
        ("docker.io/library", "docker.io", "libraryx/nginx", False),
        ("r.io/team", "r.io", "team/app/web", True),
        ("r.io/team", "r.io", "teams/app", False),
        ("r.io/team-*/app", "r.io", "team-a/app", True),
        ("r.io/team-*/app", "r.io", "team-a/x/app", False),
    ],
)
def test_a_pattern_means_what_it_says_and_nothing_that_looks_like_it(
    pattern: str, registry: str, repository: str, met: bool
) -> None:
    assert parse_pattern(pattern).matches(RepositoryName(registry, repository)) is met


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "**",
        "r.io/**",
        "https://r.io",
        "r.io/*a*a*a*",
        "r.io/App",
        "r.io//a",
        "r.io/",
        "*.*.io",
        "r*.io",
        "r.io/a:1",
        "a b",
        "r.io\n",
        "é.io",
    ],
)
def test_a_pattern_that_is_not_understood_trusts_nothing(text: str) -> None:
    with pytest.raises(InvalidConfig):
        parse_pattern(text)


# ---- scopes


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        (scope("a", 1), scope("b", 2, clusters="*"), 2),
        (scope("a", 1, clusters="prod-weu"), scope("b", 2, namespaces="*"), 2),
        (scope("a", 1, clusters="prod-weu", namespaces="payments"), scope("b", 2, repositories=A), 2),
        (scope("a", 1, repositories=A), scope("b", 2, repositories=f"{A}/payments"), 2),
        (scope("a", 1, repositories=f"{A}/*/*"), scope("b", 2, repositories=f"{A}/payments/*"), 2),
        (scope("a", 1, repositories=f"{A}/p*/api"), scope("b", 2, repositories=f"{A}/pay*/api"), 2),
        (scope("a", 1, namespaces="pay*"), scope("b", 2, namespaces="payments"), 2),
        (scope("a", 1, namespaces="p*"), scope("b", 2, namespaces="pay*"), 2),
        (scope("a", 1, namespaces="x payments"), scope("b", 2, namespaces="p*"), 1),
        (scope("a", 1, repositories=A, namespaces="p*"), scope("b", 2, repositories=A, clusters="prod-weu"), 1),
        (scope("a", 1, namespaces="payments"), scope("b", 2, namespaces="payments"), 1),
        (scope("a", 1, clusters="dev-*"), scope("b", 2), 2),
        (scope("a", 1, clusters="prod"), scope("b", 2), 2),
    ],
)
def test_the_most_specific_scope_counts(first: Scope, second: Scope, wins: int) -> None:
    for scopes in ((first, second), (second, first)):
        rules = RuleBook(Policy("p", Rules(), scopes), NOW).rules(PROD)
        assert rules.max_age == wins
        assert rules.origin("max_age") == f"scope {'a' if wins == 1 else 'b'}"


def test_each_setting_comes_from_the_most_specific_scope_that_has_it() -> None:
    wide = Scope("wide", (("max_age", 1), ("warn_age", 1)), clusters=("prod-*",))
    near = Scope("near", (("max_age", 2),), namespaces=("payments",))
    rules = RuleBook(Policy("p", Rules(), (near, wide)), NOW).rules(PROD)
    assert (rules.max_age, rules.warn_age, rules.base_grace) == (2, 1, 30)
    assert [rules.cite(name) for name in ("max_age", "warn_age", "base_grace")] == [
        "age.max = 2 (scope near)",
        "age.warn = 1 (scope wide)",
        "base.grace = 30 (built in)",
    ]


def test_a_scope_with_a_place_does_not_count_for_what_does_not_run() -> None:
    rules = RuleBook(Policy("p", Rules(), (scope("a", 1, clusters="*"), scope("b", 2, repositories=A))), NOW)
    assert rules.rules(PolicyTarget(name=API)).max_age == 2
    assert rules.rules(PolicyTarget()).max_age == Rules().max_age


NAMES = st.sampled_from(["prod-weu", "prod-*", "*", "dev", "p*"])
REPOSITORIES = st.sampled_from([A, f"{A}/payments", f"{A}/*/api", f"{A}/payments/api", B, "*.azurecr.io"]).map(parse_pattern)
SCOPES = st.lists(
    st.builds(
        Scope,
        st.text("abcdef", min_size=1, max_size=3),
        st.lists(st.tuples(st.sampled_from(["max_age", "warn_age", "base_grace"]), st.integers(1, 9)), max_size=2).map(tuple),
        st.lists(NAMES, max_size=2).map(tuple),
        st.lists(NAMES, max_size=2).map(tuple),
        st.lists(REPOSITORIES, max_size=2).map(tuple),
    ),
    max_size=5,
    unique_by=lambda each: each.name,
)
PLACES = st.builds(
    PolicyTarget,
    st.sampled_from(["", "prod-weu", "dev"]),
    st.sampled_from(["", "prod-weu", "p"]),
    st.sampled_from([API, RepositoryName(B, "x"), None]),
)


@given(SCOPES, PLACES, st.randoms(use_true_random=False))
def test_the_order_of_scopes_cannot_matter(scopes: list[Scope], place: PolicyTarget, random: object) -> None:
    shuffled = list(scopes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random of Hypothesis
    answers = [RuleBook(Policy("p", Rules(), tuple(each)), NOW).rules(place) for each in (scopes, shuffled)]
    assert answers[0] == answers[1]


@given(SCOPES, PLACES)
def test_places_that_were_asked_about_before_change_nothing(scopes: list[Scope], place: PolicyTarget) -> None:
    policy = Policy("p", Rules(), tuple(scopes))
    used = RuleBook(policy, NOW)
    for other in (PolicyTarget(), PROD, PolicyTarget("dev", "p", RepositoryName(B, "x"))):
        used.rules(other)
    assert used.rules(place) == RuleBook(policy, NOW).rules(place)


@given(SCOPES, PLACES)
def test_every_setting_of_the_closest_scope_counts(scopes: list[Scope], place: PolicyTarget) -> None:
    rules = RuleBook(Policy("p", Rules(), tuple(scopes)), NOW).rules(place)
    alone = {each.name: RuleBook(Policy("p", Rules(), (each,)), NOW).rules(place) for each in scopes}
    for field, origin in rules.origins:
        name = origin.removeprefix("scope ")
        assert (
            getattr(rules, field)
            == getattr(alone[name], field)
            == dict(next(s for s in scopes if s.name == name).settings)[field]
        )


def test_every_setting_has_its_place_in_the_file() -> None:
    derived = {"origins", "exceptions", "expired"}
    assert set(SETTINGS) == set(Rules.__struct_fields__) - derived
    assert len(set(SETTINGS.values())) == len(SETTINGS)


# ---- exceptions


AGED = Check(CheckName.AGE, State.FAIL, "Built long ago.", rule="age.max = 365 (built in)", brief="old")


def answer(given_exception: PolicyException, now: datetime, asked: Check = AGED, digests: tuple[str, ...] = ()) -> Check:
    """What a policy with one exception makes of an answer at PROD."""
    rules = RuleBook(Policy("p", Rules(), (), (given_exception,)), now).rules(PROD)
    (found,) = ruled((asked,), rules, (digests,))
    return found


def test_an_exception_turns_a_failure_into_a_warning_that_says_why() -> None:
    found = answer(exception(until=datetime(2026, 4, 1, tzinfo=UTC)), NOW)
    assert found.state is State.WARN
    assert found.reason == "Built long ago. Accepted until the end of 2026-03-31 by ann: the vendor is slow (EX-1)."
    assert (found.rule, found.accepted, found.brief) == ("exception EX-1; age.max = 365 (built in)", "EX-1", "old, accepted")


@pytest.mark.parametrize(
    ("accepted", "counts"),
    [("index", True), ("amd", False), ("arm", False), ("amd arm", True), ("other", False)],
)
def test_an_exception_for_one_platform_is_none_for_the_index(accepted: str, counts: bool) -> None:
    # Whoever may push can put another platform beside the one that is accepted, and name both by the tag.
    world = World()
    index = world.index(f"{A}/app", "x", "1", days=900)
    named = dict(zip(("index", "amd", "arm"), image(world.snapshot(), index).digests, strict=True))
    digests = tuple(named.get(each, digest(each)) for each in accepted.split())
    found = msgspec.structs.replace(exception(), digests=digests)
    snapshot = world.snapshot(Policy("p", Rules(max_age=365), (), (found,)))
    assert check(image(snapshot, index), CheckName.AGE).state is (State.WARN if counts else State.FAIL)


def test_an_exception_ends_at_its_moment_and_says_so() -> None:
    end = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    assert answer(exception(until=end), end - moment).state is State.WARN
    assert "until 2026-03-01 12:30 UTC" in answer(exception(until=end), end - moment).reason
    for now in (end, end + moment, end + timedelta(days=900)):
        found = answer(exception(until=end), now)
        assert (found.state, found.accepted) == (State.FAIL, "")
        assert found.reason == "Built long ago. The exception EX-1 of ann for it expired on 2026-03-01."


@pytest.mark.parametrize(
    ("conditions", "counts"),
    [
        ({}, True),
        ({"checks": (CheckName.SCAN,)}, False),
        ({"clusters": ("prod-*",)}, True),
        ({"clusters": ("dev",)}, False),
        ({"namespaces": ("payments",)}, True),
        ({"namespaces": ("pay",)}, False),
        ({"repositories": (parse_pattern(f"{A}/payments"),)}, True),
        ({"repositories": (parse_pattern(B),)}, False),
        ({"digests": (digest("x"),)}, True),
        ({"digests": (digest("y"),)}, False),
        ({"namespaces": ("payments",), "clusters": ("dev",)}, False),
    ],
)
def test_an_exception_counts_where_all_its_conditions_are_met(conditions: dict[str, object], counts: bool) -> None:
    assert answer(msgspec.structs.replace(exception(), **conditions), NOW, digests=(digest("x"),)).state is (
        State.WARN if counts else State.FAIL
    )


@pytest.mark.parametrize("state", [State.UNKNOWN, State.PASS, State.OFF])
def test_nobody_can_accept_what_is_unknown_or_fine(state: State) -> None:
    asked = msgspec.structs.replace(AGED, state=state)
    assert answer(exception(), NOW, asked) == asked


def test_an_exception_that_ended_counts_no_more_though_another_has_its_name() -> None:
    """Names are cut and cleaned when they are read: two of a file may come out alike."""
    live, ended = exception(clusters=("dev",)), exception(until=NOW)
    rules = RuleBook(Policy("x", Rules(), exceptions=(live, ended)), NOW).rules(PROD)
    assert (rules.exceptions, rules.expired) == ((), (ended,))


@given(st.permutations([exception("EX-1"), exception("EX-2"), exception("EX-3", until=NOW)]))
def test_the_order_of_exceptions_cannot_matter(exceptions: list[PolicyException]) -> None:
    rules = RuleBook(Policy("p", Rules(), (), tuple(exceptions)), NOW).rules(PROD)
    (found,) = ruled((AGED,), rules, ())
    assert found.accepted == "EX-1"


def test_a_check_that_is_not_asked_is_off() -> None:
    (found,) = ruled((AGED,), Rules(off=(CheckName.AGE,)), ())
    assert (found.state, found.rule) == (State.OFF, "off = age (built in)")


# ---- accepted vulnerabilities

BAD = ImageVulnerability("CVE-2030-1", Severity.CRITICAL, "openssl", fixed="3.1")
WORSE = ImageVulnerability("GHSA-aaaa-bbbb", Severity.CRITICAL, "zlib")
MINOR = ImageVulnerability("CVE-2030-2", Severity.LOW, "bash")


def scanned(
    *found: ImageVulnerability, active: tuple[PolicyException, ...] = (), ended: tuple[PolicyException, ...] = ()
) -> Check:
    """The check `scan` of an image of which one scanner reported this today."""
    rows = tuple(Vulnerability(row.id, row.severity, row.package, fixed=row.fixed) for row in found)
    report = ScanReport(SourceId(SourceKind.SCANNER, "t"), "Trivy", "k", NOW, digest=digest("x"), vulnerabilities=rows)
    key = ImageKey(A, "payments/api", digest("x"))
    rules = Rules(exceptions=active, expired=ended)
    scan = Scanned(Matched((report,)), found)
    return check_scan(ImageContext(rules, NOW, key, scan=scan, scanners=Scanners((SourceId(SourceKind.SCANNER, "t"),))))


def accepts(*cves: str, id: str = "EX-1", digests: tuple[str, ...] = ()) -> PolicyException:
    """An exception for vulnerabilities."""
    return msgspec.structs.replace(exception(id), checks=(), cves=cves, digests=digests)


def test_what_is_accepted_leaves_a_warning() -> None:
    found = scanned(BAD, MINOR, active=(accepts("CVE-2030-1"),))
    assert (found.state, found.accepted) == (State.WARN, "EX-1")
    assert "by ann: the vendor is slow (EX-1)." in found.reason
    assert found.rule.startswith("exception EX-1; ")


def test_what_is_not_accepted_still_fails_and_says_what_was() -> None:
    found = scanned(BAD, WORSE, active=(accepts("CVE-2030-1"),))
    assert (found.state, found.accepted) == (State.FAIL, "")
    assert "GHSA-aaaa-bbbb" in found.reason
    assert "1 not counted: accepted by EX-1." in found.reason


def test_several_exceptions_accept_together_and_letters_may_be_of_any_size() -> None:
    found = scanned(BAD, WORSE, active=(accepts("CVE-2030-1"), accepts("GHSA-AAAA-BBBB", id="EX-2")))
    assert (found.state, found.accepted) == (State.WARN, "EX-1, EX-2")


@pytest.mark.parametrize("digests", [(digest("y"),), (digest("y"), digest("z"))])
def test_an_exception_for_other_content_accepts_nothing(digests: tuple[str, ...]) -> None:
    assert scanned(BAD, active=(accepts("CVE-2030-1", digests=digests),)).state is State.FAIL
    assert scanned(BAD, active=(accepts("CVE-2030-1", digests=(*digests, digest("x"))),)).state is State.WARN


def test_an_exception_for_what_does_not_count_says_nothing() -> None:
    found = scanned(MINOR, active=(accepts("CVE-2030-2", "CVE-2030-9"),))
    assert (found.state, found.accepted) == (State.PASS, "")


def test_an_exception_that_has_ended_is_said_where_it_would_have_counted() -> None:
    found = scanned(BAD, ended=(msgspec.structs.replace(accepts("CVE-2030-1"), until=NOW),))
    assert (found.state, found.accepted) == (State.FAIL, "")
    assert "The exception EX-1 of ann for it expired on 2026-03-01." in found.reason


# ---- in a world


def running_in(*namespaces: str) -> tuple[World, str]:
    """An image of 100 days that runs in these namespaces."""
    world = World()
    found = world.manifest(f"{A}/payments/api", "ab", "1", days=100)
    for namespace in namespaces:
        world.run(f"{namespace}/api-{namespace}", f"{A}/payments/api:1", f"{A}/payments/api@{found}")
    return world, found


STRICT = Scope("strict", (("max_age", 50),), namespaces=("prod",))
TRUSTING = trusting((A,))


def test_an_image_is_judged_where_it_runs_and_takes_the_worst() -> None:
    world, found = running_in("dev", "prod")
    snapshot = world.snapshot(msgspec.structs.replace(TRUSTING, scopes=(STRICT,)))
    age = check(image(snapshot, found), CheckName.AGE)
    assert (age.state, age.rule) == (State.FAIL, "age.max = 50 (scope strict)")
    assert image(snapshot, found).verdict is State.FAIL
    assert container(snapshot, "api-prod").verdict is State.FAIL
    assert container(snapshot, "api-dev").verdict is not State.FAIL


@pytest.mark.parametrize("namespaces", [(), ("dev",)])
def test_an_image_that_does_not_run_there_is_not_judged_by_it(namespaces: tuple[str, ...]) -> None:
    world, found = running_in(*namespaces)
    snapshot = world.snapshot(msgspec.structs.replace(TRUSTING, scopes=(STRICT,)))
    assert check(image(snapshot, found), CheckName.AGE).rule == "age.warn = 90 (built in)"


def test_an_image_that_runs_only_where_it_is_asked_for_less_is_asked_for_less() -> None:
    lenient = Scope("lenient", (("warn_age", 0),), namespaces=("dev",))
    world, found = running_in("dev")
    snapshot = world.snapshot(msgspec.structs.replace(TRUSTING, scopes=(lenient,)))
    assert check(image(snapshot, found), CheckName.AGE).state is State.PASS


def test_an_exception_for_one_namespace_leaves_the_others_as_they_are() -> None:
    world, found = running_in("dev", "prod")
    policy = Policy("p", msgspec.structs.replace(TRUSTING.rules, max_age=50), (), (exception(namespaces=("dev",)),))
    snapshot = world.snapshot(policy)
    assert check(image(snapshot, found), CheckName.AGE).state is State.FAIL
    assert container(snapshot, "api-prod").verdict is State.FAIL
    assert container(snapshot, "api-dev").verdict is not State.FAIL


def test_an_exception_counts_for_the_identity_of_a_container() -> None:
    world, found = running_in("dev")
    world.clock = NOW
    world.manifest(f"{A}/payments/api", "xy", "1")
    accepted = exception(checks=(CheckName.IDENTITY,), digests=(found,))
    before, after = world.snapshot(TRUSTING), world.snapshot(msgspec.structs.replace(TRUSTING, exceptions=(accepted,)))
    assert check(container(before, "api-dev"), CheckName.IDENTITY).state is State.FAIL
    assert check(container(after, "api-dev"), CheckName.IDENTITY).accepted == "EX-1"
    assert check(image(after, found), CheckName.IDENTITY).state is State.WARN
