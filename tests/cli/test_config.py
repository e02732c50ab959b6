"""Settings: the file is strict and says where it is wrong; environment and flags come after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.domain.facts.asking import AuthMode, RegistryKind, RevocationMode
from tui.domain.facts.image import RepositoryName
from tui.errors import InvalidConfig
from tui.settings.durations import seconds
from tui.settings.load import load
from tui.settings.settings import LogLevel, ScannerKind, paths
from tui.sources.signatures.options import TrustPaths
from tui.wiring.signatures import signature_source

FULL = """\
contexts = ["prod-weu", "prod-neu"]
namespaces = ["a"]
registries = ["contoso.azurecr.io"]
azure = false
request_timeout = "1m30s"
theme = "nord"
log_level = "debug"
refresh = "5m"

[keymap]
rebuild = "B"

[registry."contoso.azurecr.io"]
kind = "acr"
endpoint = "https://10.0.0.4"
ca_file = "/etc/ca.pem"
auth = "entra"
ask = true
refresh = "45s"

[registry.mirror]
auth = "basic"
username = "me"
password_env = "MIRROR_PASSWORD"
ask = false

[builder.ci]
kind = "jenkins"
url = "https://ci.contoso.example"
write = true

[acting]
parallel = 3
sign_wait = "2m"

[context.prod-weu]
write = true
protected = true
namespaces = ["b"]

[signatures]
cosign_keys = ["cosign.pub"]
revocation = "offline"
identities = [{subject = "https://github.com/contoso/.*", issuer = "https://token.actions.githubusercontent.com", pattern = true}]

[signatures.scope."contoso.azurecr.io/payments"]
notation_config = "~/payments"

[base]
"contoso.azurecr.io/tools" = "scratch"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with every kind of setting."""
    path = tmp_path / "config.toml"
    path.write_text(FULL)
    return path


def test_what_is_trusted_is_read(file: Path) -> None:
    found = load({}, {}, str(file)).signatures
    (signer,) = found.identities or ()
    assert (found.cosign_keys, found.revocation, found.notation_config) == (("cosign.pub",), RevocationMode.OFFLINE, None)
    assert (signer.issuer, signer.pattern) == ("https://token.actions.githubusercontent.com", True)
    assert found.scope["contoso.azurecr.io/payments"].notation_config == "~/payments"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('[signatures]\ncosign_key = "x"\n', "2:1", "Did you mean `cosign_keys`"),
        ('[signatures]\nrevocation = "sometimes"\n', "2:1", "online, offline"),
        ("[signatures]\nscope = 7\n", "2:1", "It is tables"),
        ('[signatures.scope."a b"]\ncosign_keys = []\n', "1:1", "host[:port]"),
        ('[signatures.scope."a.io/b"]\nrevocation = "offline"\n', "2:1", "Settings here are notation_config"),
        ('[signatures]\nidentities = [{subject = "x"}]\n', "2:1", ""),
    ],
)
def test_faults_in_what_is_trusted_have_their_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        load({}, {}, str(path))
    assert caught.value.headline.startswith(f"{path}:{place}")
    assert words in caught.value.remedy


SCANNERS = """\
scan_reports = ["grype.json", "/tmp/trivy.json"]

[scanner.defender]
subscriptions = ["11111111-1111-1111-1111-111111111111"]
refresh = "30m"

[scanner."the console"]
kind = "prisma"
endpoint = "https://console.contoso.example"
username = "ops"
password_env = "PRISMA_PASSWORD"

[scanner.trivy-operator]
enabled = false
"""


def test_scanners_are_read_with_their_kinds(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SCANNERS)
    found = load({}, {}, str(path))
    assert found.scan_reports == (str(tmp_path / "grype.json"), "/tmp/trivy.json")
    assert {name: scanner.kind for name, scanner in found.scanner.items()} == {
        "defender": ScannerKind.DEFENDER,
        "the console": ScannerKind.PRISMA,
        "trivy-operator": ScannerKind.TRIVY_OPERATOR,
    }
    assert (found.scanner["defender"].refresh, found.scanner["trivy-operator"].enabled) == (1800.0, False)
    assert found.scanner["the console"].password_env == "PRISMA_PASSWORD"
    assert load({"scan_reports": ("x",)}, {}, str(path)).scan_reports == ("x",)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[scanner.mine]\n", "1:1", "It is one of defender, trivy-operator, attached, aqua, prisma"),
        ("[scanner.mine]\nkind = 'snyk'\n", "2:1", "trivy-operator"),
        ("[scanner.aqua]\nusername = 'x'\n", "1:1", 'endpoint = "https://..."'),
        ("[scanner.aqua]\nendpoint = 'http://aqua.example'\n", "2:1", "a password or token is sent there"),
        ("[scanner.aqua]\nendpoint = 'https:aqua'\n", "2:1", "a password or token is sent there"),
        ("[scanner.aqua]\nendpoint = 'https://a'\npassword = 'x'\n", "3:1", "`password_env`"),
        ("[scanner.aqua]\nendpoint = 'https://a'\ntoken = 'x'\n", "3:1", "`token_env`"),
        ("[scanner.defender]\nrefresh = 5\n", "2:1", '"10s"'),
        ("[scanner.defender]\nsubscription = 'x'\n", "2:1", "subscriptions"),
        ("scan_reports = 'x'\n", "1:1", '["a", "b"]'),
    ],
)
def test_faults_in_scanners_have_their_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        load({}, {}, str(path))
    assert caught.value.headline.startswith(f"{path}:{place}")
    assert words in caught.value.remedy


def test_paths_of_what_is_trusted_are_meant_from_the_file(file: Path) -> None:
    home = Path.home()
    source = signature_source(load({}, {}, str(file)), lambda host: None, {"NOTATION_CONFIG": "/n"}, "linux", home)
    usual, scoped = source.options.usual, source.options.trusted(RepositoryName("contoso.azurecr.io", "payments/api"))
    assert (usual.notation_config, usual.cosign_keys) == ("/n", (str(file.parent / "cosign.pub"),))
    assert (scoped.notation_config, scoped.cosign_keys) == (str(home / "payments"), usual.cosign_keys)
    assert scoped.identities == usual.identities != ()


def signed_by(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> TrustPaths:
    file = tmp_path / "config.toml"
    file.write_text(f"[signatures]\n{text}\n")
    return signature_source(load({}, {}, str(file)), lambda host: None, environment or {}, "linux", tmp_path).options.usual


COSIGN = {
    "COSIGN_REPOSITORY": "signatures.example/all",
    "COSIGN_TRUSTED_ROOT": "/t/trusted_root.json",
    "SIGSTORE_ROOT_FILE": "/t/fulcio.pem",
    "SIGSTORE_REKOR_PUBLIC_KEY": "/t/rekor.pub",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": "/t/ctfe.pub",
}


def test_cosigns_own_variables_count_where_the_settings_are_silent(tmp_path: Path) -> None:
    found = signed_by(tmp_path, "", COSIGN)
    assert (str(found.elsewhere), found.trusted_root) == ("signatures.example/all", "/t/trusted_root.json")
    assert (found.fulcio_roots, found.rekor_keys) == (("/t/fulcio.pem",), ("/t/rekor.pub",))
    assert (found.ct_log_keys, found.require_sct) == (("/t/ctfe.pub",), True)
    text = 'cosign_repository = "other.example/x"\ntrusted_root = "root.json"\nrequire_sct = false\nct_log_keys = []'
    given = signed_by(tmp_path, text, COSIGN)
    assert (str(given.elsewhere), given.trusted_root) == ("other.example/x", str(tmp_path / "root.json"))
    assert (given.ct_log_keys, given.require_sct) == ((), False)
    off = signed_by(tmp_path, 'cosign_repository = ""\ntrusted_root = ""', COSIGN)
    assert (off.elsewhere, off.trusted_root) == (None, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('cosign_repository = "contoso.azurecr.io/app:1"', "is not the name of a repository"),
        ('cosign_repository = "Not A Name"', "is not the name of a repository"),
        ('identities = [{subject = "", issuer = "https://i.example"}]', "lacks its subject or its issuer"),
        ('identities = [{subject = "x", issuer = ""}]', "lacks its subject or its issuer"),
        ('identities = [{subject = "(?=x)", issuer = "https://i.example", pattern = true}]', "that Go does not know"),
        ('identities = [{subject = "x", issuer = "(", issuer_pattern = true}]', "not closed"),
    ],
)
def test_what_cosign_would_not_take_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        signed_by(tmp_path, text)
    assert words in caught.value.headline
    assert caught.value.remedy


def test_every_path_is_meant_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f"""policy = "policy.toml"
log_file = "/var/log/trustree.log"
kubeconfig = "a{os.pathsep}~/b"
[registry."r.io"]
ca_file = "ca.pem"
[scanner.aqua]
endpoint = "https://aqua.example"
ca_file = "sub/ca.pem"
"""
    )
    found = load({}, {}, str(file))
    assert (found.policy, found.log_file) == (str(tmp_path / "policy.toml"), "/var/log/trustree.log")
    assert found.kubeconfig.split(os.pathsep) == [str(tmp_path / "a"), str(Path("~/b").expanduser())]
    assert (found.registry["r.io"].ca_file, found.scanner["aqua"].ca_file) == (
        str(tmp_path / "ca.pem"),
        str(tmp_path / "sub/ca.pem"),
    )


def test_every_setting_of_a_file_is_read(file: Path) -> None:
    found = load({}, {}, str(file))
    assert found.contexts == ("prod-weu", "prod-neu")
    assert (found.azure, found.request_timeout, found.theme, found.log_level) == (False, 90.0, "nord", LogLevel.DEBUG)
    assert (found.refresh, found.keymap) == (300.0, {"rebuild": "B"})
    acr = found.registry["contoso.azurecr.io"]
    assert (acr.kind, acr.endpoint, acr.ca_file, acr.auth, acr.ask) == (
        RegistryKind.ACR,
        "https://10.0.0.4",
        "/etc/ca.pem",
        AuthMode.ENTRA,
        True,
    )
    assert acr.refresh == 45.0
    mirror = found.registry["mirror"]
    assert (mirror.kind, mirror.username, mirror.password_env, mirror.ask) == (RegistryKind.AUTO, "me", "MIRROR_PASSWORD", False)
    assert (found.context["prod-weu"].write, found.context["prod-weu"].protected) == (True, True)
    assert (found.write, found.registry["mirror"].write, found.builder["ci"].write) == (False, False, True)
    assert (found.acting.parallel, found.acting.sign_wait, found.acting.facts_age) == (3, 120.0, 900.0)
    assert found.base == {"contoso.azurecr.io/tools": "scratch"}
    assert found.source == str(file)


@pytest.mark.parametrize(
    ("text", "line", "column", "headline", "remedy"),
    [
        ("a = ", 1, 5, "Invalid value", "TOML"),
        ("x = 1\nx = 2\n", 2, 6, "overwrite", "TOML"),
        ("azure = true\nazur = 1\n", 2, 1, "“azur” is not a setting", "contexts, all_contexts"),
        ("azure = 'yes'\n", 1, 1, "`azure` has a wrong value", "true or false"),
        ("\ncontexts = 'a'\n", 2, 1, "`contexts` has a wrong value", '["a", "b"]'),
        ("theme = 3\n", 1, 1, "`theme` has a wrong value", "text in quotes"),
        ("log_level = 'loud'\n", 1, 1, "`log_level` has a wrong value", "debug, info, warning, error"),
        ("request_timeout = '10 potatoes'\n", 1, 1, "not a duration", '"10s"'),
        ("request_timeout = 10\n", 1, 1, "not a duration", "in quotes"),
        ("[registry.x]\nask = true\n[registry.'a.io']\n  kind = 'docker'\n", 4, 3, "`kind` has a wrong value", "auto, acr, oci"),
        ("[registry.x]\nauth = 'magic'\n", 2, 1, "wrong value", "auto, entra, docker, basic, anonymous"),
        ("[registry.x]\nusr = 'me'\n", 2, 1, "“usr” is not a setting", "username, password_env"),
        ("[registry.x]\npassword = 's3cret'\n", 2, 1, "password does not belong", "password_env"),
        ("[registry.x]\nrefresh = 'often'\n", 2, 1, "not a duration", '"10s"'),
        ("[registry.x]\nrequests_per_minute = 0\n", 2, 1, "wrong value", "whole number"),
        ("registry.x.kind = 'docker'\n", 1, 1, "wrong value", "auto, acr, oci"),
        ("[context.c]\nwrite = 1\n", 2, 1, "wrong value", "true or false"),
        ("[base]\n'a.io/Tools' = 'b.io/base:1'\n", 2, 1, "not one of a repository", "small letters"),
        ("[base]\n'a.io/tools' = 'b.io/BASE:1'\n", 2, 1, "upper-case", "small letters"),
        ("[base]\n'a.io/tools' = 3\n", 2, 1, "wrong value", "in quotes"),
        ("registry = 3\n", 1, 1, "wrong value", "[registry]"),
    ],
)
def test_a_fault_names_file_line_and_what_is_allowed(
    text: str, line: int, column: int, headline: str, remedy: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(InvalidConfig) as raised:
        load({}, {}, str(file))
    error = raised.value
    assert (error.path, error.line, error.column) == (str(file), line, column)
    assert headline in error.headline
    assert error.headline.startswith(f"{file}:{line}:{column}")
    assert remedy in error.remedy
    assert "s3cret" not in error.headline


def test_a_file_that_is_not_text_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(InvalidConfig, match="UTF-8") as raised:
        load({}, {}, str(file))
    assert raised.value.line == 2


def test_a_named_file_must_be_there_and_the_usual_one_need_not(tmp_path: Path) -> None:
    assert load({}, {}).source == ""
    with pytest.raises(InvalidConfig, match="no file"):
        load({}, {"TRUSTREE_CONFIG": str(tmp_path / "none.toml")})
    with pytest.raises(InvalidConfig, match="cannot be read"):
        load({}, {}, str(tmp_path))


def test_the_usual_file_is_found(home: Path) -> None:
    usual = paths().config
    usual.parent.mkdir(parents=True)
    usual.write_text("theme = 'nord'\n")
    assert load({}, {}).theme == "nord"


def test_environment_beats_the_file_and_flags_beat_both(file: Path) -> None:
    environment = {"TRUSTREE_CONFIG": str(file), "TRUSTREE_THEME": "light", "TRUSTREE_ASCII": "1", "TRUSTREE_LOG_LEVEL": "ERROR"}
    found = load({"log_level": LogLevel.WARNING}, environment)
    assert (found.theme, found.ascii, found.log_level) == ("light", True, LogLevel.WARNING)


@pytest.mark.parametrize(("variable", "value"), [("TRUSTREE_ASCII", "perhaps"), ("TRUSTREE_LOG_LEVEL", "loud")])
def test_a_variable_with_a_wrong_value_is_named(variable: str, value: str) -> None:
    with pytest.raises(InvalidConfig, match=variable):
        load({}, {variable: value})


def test_flags_settle_what_contradicts_them(file: Path) -> None:
    everywhere = load({"all_namespaces": True}, {}, str(file))
    assert (everywhere.namespaces, everywhere.context["prod-weu"].namespaces) == ((), ())
    narrowed = load({"namespaces": ("z",)}, {}, str(file))
    assert (narrowed.namespaces, narrowed.context["prod-weu"].namespaces) == (("z",), ())
    readonly = load({"write": False}, {}, str(file))
    assert (readonly.context["prod-weu"].write, readonly.builder["ci"].write) == (False, False)
    assert load({"write": True}, {}, str(file)).write is True


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10s", 10.0), ("2m", 120.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5h", 5400.0), ("30", 30.0), ("0", 0.0), ("0s", 0.0),
        ("", None), ("-1s", None), ("1d", None), ("s", None), ("1 s", None), ("10s ", None), ("٣s", None), ("1e3s", None),
    ],
)  # fmt: skip
def test_durations_are_those_of_kubectl(text: str, found: float | None) -> None:
    """Units of Go's time.ParseDuration, and a bare number as seconds (client-go, ParseTimeout)."""
    assert seconds(text) == found
