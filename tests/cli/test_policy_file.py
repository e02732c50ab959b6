"""Policy files: what ships, what is read, and what is refused with its place."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.common.trust import CheckName, State
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import Severity
from tui.domain.policy.policy import Policy, built_in
from tui.domain.policy.rulebook import RuleBook
from tui.domain.policy.rules import SETTINGS, Unfixed
from tui.domain.policy.scopes import PolicyTarget
from tui.errors import InvalidConfig
from tui.settings.policy_file import builtin_text, load_policy, read_policy

ACCEPTS = "[exception.E]\ncves = ['CVE-1']\nreason = 'a'\nowner = 'a'\nuntil = 2030-01-01\n"

FULL = """\
name = "contoso"
off = ["admission"]

[registry]
trusted = ["contoso.azurecr.io", "mcr.microsoft.com/dotnet"]

[signature]
unsigned = "warn"
signers = ["CN=build"]

[scan]
fail_on = "high"
warn_on = "none"
unfixed = "ignore"
missing = "fail"
max_age = 3

[base]
grace = 7

[identity]
moved = "warn"

[age]
warn = 30
max = 60

[scope.production]
clusters = ["prod-*"]
namespaces = ["payments"]
repositories = ["contoso.azurecr.io/payments"]
off = []

[scope.production.age]
max = 20

[exception.EX-1]
cves = ["cve-2030-1", "GHSA-aaaa"]
reason = "The vendor is slow."
owner = "team-payments"
until = 2026-12-31

[exception."EX 2"]
checks = ["age", "base"]
clusters = ["dev"]
digests = ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
reason = "It is going away."
owner = "ann"
until = 2026-03-01T14:00:00+02:00
"""


def read(text: str) -> Policy:
    """The policy that a text is."""
    return read_policy(text.encode(), "p.toml")


def test_the_policy_that_ships_says_what_is_built_in() -> None:
    shipped = msgspec.structs.replace(read(builtin_text()).rules, origins=(), trust_signed_in=True)
    assert shipped == built_in().rules
    written = {field for field, _ in read(builtin_text()).rules.origins}
    assert written == set(SETTINGS)


def test_only_what_the_policy_names_is_trusted_by_name() -> None:
    assert [pattern.text for pattern in load_policy("").rules.trusted] == ["mcr.microsoft.com"]
    assert [pattern.text for pattern in read_policy(b"[registry]\ntrusted = []", "p").rules.trusted] == []
    assert [pattern.text for pattern in read_policy(b"", "p").rules.trusted] == ["mcr.microsoft.com"]


def test_every_table_of_a_file_is_read() -> None:
    policy = read(FULL)
    rules = policy.rules
    assert (policy.name, policy.path) == ("contoso", "p.toml")
    assert (rules.off, rules.trust_signed_in) == ((CheckName.ADMISSION,), False)
    assert [pattern.text for pattern in rules.trusted] == ["contoso.azurecr.io", "mcr.microsoft.com/dotnet"]
    assert (rules.unsigned, rules.unverified, rules.signers) == (State.WARN, State.FAIL, ("CN=build",))
    assert (rules.scan_fail_on, rules.scan_warn_on, rules.scan_unfixed) == (Severity.HIGH, None, Unfixed.IGNORE)
    assert (rules.scan_missing, rules.scan_max_age, rules.base_grace) == (State.FAIL, 3, 7)
    assert (rules.moved, rules.mixed, rules.warn_age, rules.max_age) == (State.WARN, State.FAIL, 30, 60)
    assert rules.cite("base_grace") == "base.grace = 7 (policy contoso)"
    assert rules.cite("mixed") == "identity.mixed = fail (built in)"


def test_scopes_and_exceptions_are_read() -> None:
    first, second = sorted(read(FULL).exceptions, key=lambda each: each.until)
    assert (first.id, first.checks, first.until) == (
        "EX 2",
        (CheckName.AGE, CheckName.BASE),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    assert (second.cves, second.until) == (("CVE-2030-1", "GHSA-AAAA"), datetime(2027, 1, 1, tzinfo=UTC))
    book = RuleBook(read(FULL), datetime(2026, 3, 1, tzinfo=UTC))
    there = book.rules(PolicyTarget("prod-weu", "payments", RepositoryName("contoso.azurecr.io", "payments/api")))
    assert (there.max_age, there.off, there.origin("off")) == (20, (), "scope production")


@pytest.mark.parametrize(
    ("text", "line", "column", "headline", "remedy"),
    [
        ("ages = 1\n", 1, 1, "“ages” is not a setting", "Did you mean `age`?"),
        ("[age]\nmaximum = 1\n", 2, 1, "“maximum” is not a setting", "warn, max"),
        ("[age]\nmax = -1\n", 2, 1, "`max` has a wrong value", "a whole number from 0 to 36500"),
        ("[age]\nmax = true\n", 2, 1, "`max` has a wrong value", "a whole number"),
        ("age = 3\n", 1, 1, "`age` has a wrong value", "[age]"),
        ("[[age]]\nmax = 3\n", 1, 1, "`age` has a wrong value", "[age]"),
        ("[scan]\nfail_on = 'severe'\n", 2, 1, "`fail_on` has a wrong value", "critical, high, medium, low, negligible, none"),
        ("[scan]\nmissing = 'pass'\n", 2, 1, "`missing` has a wrong value", "unknown, off, warn, fail"),
        ("[identity]\n\n moved = 'pass'\n", 3, 2, "`moved` has a wrong value", "off, warn, fail"),
        ("off = ['everything']\n", 1, 1, "`off` has a wrong value", "registry, signature, scan"),
        ("off = 'age'\n", 1, 1, "`off` has a wrong value", "list"),
        ("[registry]\ntrusted = ['**']\n", 2, 1, "not a registry pattern", "host[:port][/path]"),
        ("[registry]\ntrusted = ['https://r.io']\n", 2, 1, "not a registry pattern", "host[:port][/path]"),
        ("[scope.a]\n[scope.a.age]\nmax = 1\n", 1, 1, "does not say where", "clusters, namespaces or repositories"),
        ("[scope.a]\nclusters = ['']\n", 2, 1, "is not a name", "any text"),
        ("[scope.a]\nclusters = ['a']\nage.max = 'x'\n", 3, 1, "`max` has a wrong value", "whole number"),
        ("[scope.a]\nnamespace = ['a']\n", 2, 1, "“namespace” is not a setting", "Did you mean `namespaces`?"),
        ("[exception.E]\nowner = 'a'\nuntil = 2030-01-01\nchecks = ['age']\n", 1, 1, "`reason` is missing", "text"),
        ("[exception.E]\nreason = 'a'\nowner = 'a'\nchecks = ['age']\n", 1, 1, "`until` is missing", "2030-12-31"),
        ("[exception.E]\nreason = ' '\nowner = 'a'\nuntil = 2030-01-01\nchecks = ['age']\n", 2, 1, "`reason` is empty", "few"),
        ("[exception.E]\nreason = 'a'\nowner = 'a'\nuntil = '2030'\nchecks = ['age']\n", 4, 1, "`until` has", "2030-12-31"),
        ("[exception.E]\nreason = 'a'\nowner = 'a'\nuntil = 2030-01-01\n", 1, 1, "does not say what", "cves ="),
        (f"{ACCEPTS}namespaces = []\n", 6, 1, "`namespaces` names nothing", "leave it out"),
        (f"{ACCEPTS}digests = []\n", 6, 1, "`digests` names nothing", "leave it out"),
        ("[scope.a]\nclusters = ['a']\nrepositories = []\n", 3, 1, "`repositories` names nothing", "leave it out"),
        (ACCEPTS.replace("CVE-1", "CVE-2030-*"), 2, 1, "“CVE-2030-*” is not the identifier", "Write each whole"),
        (ACCEPTS.replace("CVE-1", " "), 2, 1, "is not the identifier", "Write each whole"),
        (
            "[exception.E]\nreason = 'a'\nowner = 'a'\nuntil = 2030-01-01\nchecks = ['age']\ndigests = ['sha256:1']\n",
            6, 1, "is not a digest", "64 hex",
        ),
        (
            "[exception.E]\nreason = 'a'\nowner = 'a'\nuntil = 2030-01-01\nchecks = ['scan']\ncves = ['CVE-1']\n",
            5, 1, "has scan although", "Leave out one",
        ),
        ("exception = 3\n", 1, 1, "`exception` has a wrong value", "[exception]"),
        ("a = [\n", 2, 1, "Invalid value", "TOML"),
    ],
)  # fmt: skip
def test_a_fault_names_line_column_and_what_may_stand_there(
    text: str, line: int, column: int, headline: str, remedy: str
) -> None:
    with pytest.raises(InvalidConfig) as raised:
        read(text)
    error = raised.value
    assert (error.line, error.column) == (line, column), error.headline
    assert headline in error.headline
    assert remedy in error.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfea\x00=\x001\x00",
        b"a = '\xff'",
        b"\x00",
        b"a = " + b"[" * 100_000,
        b"a." * 50_000 + b"b = 1",
        b"a = " + b"9" * 100_000,
        b"[" + b" " * 900_000,
        b"# " + b"x" * 1_000_001,
        b"name = '''" + b"a\n" * 400_000,
        b"[scope.a]\nclusters = [" + b"'a'," * 20_000 + b"\n",
        "".join(f"[scope.s{n}]\nclusters = ['c']\n" for n in range(501)).encode(),
        b"until = 9999-99-99",
    ],
    ids=range(12),
)
def test_a_hostile_file_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_bytes(content)
    with pytest.raises(InvalidConfig) as raised:
        load_policy(str(file))
    assert len(raised.value.headline) <= 400
    assert raised.value.headline.isprintable()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_policy_or_a_sentence(content: bytes) -> None:
    try:
        read_policy(content, "p.toml")
    except InvalidConfig as error:
        said = error.headline
    else:
        said = "p.toml"
    assert said.startswith("p.toml")


VALUES = st.recursive(
    st.sampled_from(["1", "true", "'x'", "1.5", "2030-01-01", "inf", "'fail'", "['age']"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda found: f"[{', '.join(found)}]") | inner.map(lambda found: f"{{a = {found}}}")
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [
        "age.max",
        "off",
        "scan.fail_on",
        "scope.a.clusters",
        "scope.a",
        "exception.e.until",
        "exception.e",
        "registry.trusted",
        "name",
    ]
)


@given(st.lists(st.tuples(KEYS, VALUES), max_size=3))
def test_values_of_any_type_are_a_policy_or_a_sentence(pairs: list[tuple[str, str]]) -> None:
    try:
        read("".join(f"{key} = {value}\n" for key, value in pairs))
    except InvalidConfig as error:
        remedy = error.remedy
    else:
        remedy = "none"
    assert remedy


def test_links_are_followed_to_files_only(tmp_path: Path) -> None:
    """A mounted ConfigMap is a link; a device or a pipe is not a policy."""
    (tmp_path / "p.toml").write_text("[age]\nmax = 1\n")
    (tmp_path / "link.toml").symlink_to(tmp_path / "p.toml")
    assert load_policy(str(tmp_path / "link.toml")).rules.max_age == 1
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    (tmp_path / "endless.toml").symlink_to("/dev/zero")
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.toml")
    for name in ("loop", "endless", "gone", "pipe", "none"):
        with pytest.raises(InvalidConfig, match=name):
            load_policy(str(tmp_path / f"{name}.toml"))
    with pytest.raises(InvalidConfig, match="not a regular file"):
        load_policy(str(tmp_path))


def test_the_last_day_there_is_can_be_named() -> None:
    text = "[exception.E]\nreason = 'a'\nowner = 'a'\nuntil = 9999-12-31\nchecks = ['age']\n"
    assert read(text).exceptions[0].until.year == 9999


def test_a_mark_of_utf_8_is_left_out_and_other_encodings_are_named() -> None:
    assert read_policy(b"\xef\xbb\xbf" + FULL.encode(), "x.toml").name == "contoso"
    for encoding in ("utf-16", "utf-16-be"):
        with pytest.raises(InvalidConfig, match="the file is in UTF-16") as raised:
            read_policy(("\ufeff" if encoding.endswith("be") else "").encode(encoding) + FULL.encode(encoding), "x.toml")
        assert raised.value.remedy == "Save it as UTF-8."
