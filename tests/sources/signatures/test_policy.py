"""Trust policies: the rules of trust-store-trust-policy.md as notation-go applies them, and a few that forbid ambiguity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.real.oracle_cases import policies
from tests.sources.signatures.cases import document, policy, statement
from tui.domain.facts.signature import Action, StepName
from tui.errors import InvalidConfig, NotFound
from tui.sources.signatures.options import config_directory
from tui.sources.signatures.stores import read_policy
from tui.verification.notation.names import is_subset, parse_name
from tui.verification.notation.policy import Level, parse_policy

GOOD = {"policy exact before any", "policy skip", "policy empty timestamp option", "policy other scope", "policy prefix"}
GOOD |= {"policy host in capitals", "policy name C=US,ST=WA,O=Contoso,CN=", "policy name C=US;ST=WA;O=Contoso"}
GOOD |= {"policy name C = US , ST = WA , O = Contoso", "policy name C=US,ST=WA,O=Con=toso"}
CASES = [(case.name, case.policy) for case in policies() if case.name.startswith("policy ")]


@pytest.mark.parametrize(("name", "members"), CASES, ids=[name for name, _ in CASES])
def test_a_document_is_valid_or_refused_with_a_sentence(name: str, members: dict[str, Any]) -> None:
    data = json.dumps(members).encode()
    if name in GOOD:
        assert parse_policy(data).statements
        return
    with pytest.raises(InvalidConfig) as caught:
        parse_policy(data, "there.json")
    assert caught.value.headline.startswith("the trust policy there.json is not valid: ")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"version": "1.0", "version": "1.0"}',
        json.dumps({**document(), "TrustPolicies": []}).encode(),
        json.dumps(document()).replace('"level"', '"Level"').encode(),
        json.dumps(document()).replace('"level"', '"LEVEL": "skip", "level"').encode(),
        b"\xff" + json.dumps(document()).encode(),
        b'{"version":' + b"[" * 5000,
    ],
)
def test_an_ambiguous_or_broken_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidConfig):
        parse_policy(data)


@pytest.mark.parametrize(
    ("level", "logged"),
    [
        ("strict", set()),
        ("permissive", {StepName.EXPIRY, StepName.TIMESTAMP, StepName.REVOCATION}),
        ("audit", {StepName.AUTHENTICITY, StepName.EXPIRY, StepName.TIMESTAMP, StepName.REVOCATION}),
    ],
)
def test_levels_enforce_and_log(level: str, logged: set[StepName]) -> None:
    found = statement(level)
    assert {step for step in list(StepName)[:5] if found.action(step) is Action.LOG} == logged
    changed = statement(level, override={"expiry": "log", "revocation": "skip"})
    assert (changed.level, changed.action(StepName.EXPIRY)) == (Level.CUSTOM, Action.LOG)
    assert changed.action(StepName.REVOCATION) is Action.SKIP
    assert changed.action(StepName.INTEGRITY) is Action.ENFORCE


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("registry.example/app", "exact"),
        ("registry.example/app/sub", "any"),
        ("registry.example/ap", "any"),
        ("registry.example.evil.com/app", "any"),
        ("registry.example:443/app", "any"),
        ("registry.example/App", None),
        ("app", None),
        ("*", None),
        ("registry.example/app\n", None),
        ("registry.example/" + "a-" * 40 + "!", None),
    ],
)
def test_a_scope_is_exact_or_everything(repository: str, name: str | None) -> None:
    members = document(name="any")
    members["trustPolicies"].append(document(name="exact", registryScopes=["registry.example/app"])["trustPolicies"][0])
    found = parse_policy(json.dumps(members).encode()).select(repository)
    assert (found.name if found else None) == name


def test_no_statement_applies_outside_the_scopes() -> None:
    assert policy(registryScopes=["registry.example/app"]).select("registry.example/other") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("C=US,ST=WA,O=x", {"C": "US", "ST": "WA", "O": "x"}),
        (" C = US ; S = WA , O = x ", {"C": "US", "ST": "WA", "O": "x"}),
        (r"C=US,ST=WA,O=a\,b\+c\=d", {"C": "US", "ST": "WA", "O": "a,b+c=d"}),
        (r"C=US,ST=WA,O=x\ ", {"C": "US", "ST": "WA", "O": "x "}),
        (r"C=US,ST=WA,O=caf\C3\A9", {"C": "US", "ST": "WA", "O": "café"}),
    ],
)
def test_names_read_as_rfc_4514_says(text: str, found: dict[str, str]) -> None:
    assert parse_name(text) == found
    assert is_subset({"O": found["O"]}, found)


def test_the_newer_policy_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "trustpolicy.json").write_text(json.dumps(document(name="old")))
    assert read_policy(tmp_path).statements[0].name == "old"
    (tmp_path / "trustpolicy.oci.json").write_text(json.dumps(document(name="new")))
    assert read_policy(tmp_path).statements[0].name == "new"


def test_policy_files_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no trust policy"):
        read_policy(tmp_path)
    real, link = tmp_path / "real.json", tmp_path / "trustpolicy.json"
    real.write_text(json.dumps(document()))
    link.symlink_to(real)
    with pytest.raises(InvalidConfig, match="not a regular file"):
        read_policy(tmp_path)
    link.unlink()
    real.rename(link)
    link.chmod(0o666)
    with pytest.raises(InvalidConfig, match="everyone may write"):
        read_policy(tmp_path)


@pytest.mark.parametrize(
    ("environment", "platform", "found"),
    [
        ({}, "linux", "/home/a/.config/notation"),
        ({"XDG_CONFIG_HOME": "/x"}, "linux", "/x/notation"),
        ({"NOTATION_CONFIG": "/n", "XDG_CONFIG_HOME": "/x"}, "linux", "/n"),
        ({}, "darwin", "/home/a/Library/Application Support/notation"),
        ({"AppData": "/roaming"}, "win32", "/roaming/notation"),
    ],
)
def test_the_configuration_is_where_notation_keeps_it(environment: dict[str, str], platform: str, found: str) -> None:
    assert config_directory(environment, platform, Path("/home/a")) == Path(found)
