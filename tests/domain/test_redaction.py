"""What is hidden and what is not: each form of a credential is gone, and a text without one comes out whole."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.common.redaction import HIDDEN, quoted, redact

PULL = (
    'rpc error: code = Unknown desc = failed to pull and unpack image "x/y:1": failed to resolve reference "x/y:1": '
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
    "https://x/oauth2/token?scope=repository%3Ay%3Apull&service=x: 403 Forbidden"
)
ANSWERS = (
    PULL,
    "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
    "failed to fetch oauth token: unexpected status from POST request to https://a.azurecr.io/oauth2/token: 401 Unauthorized",
    "no basic auth credentials",
    "unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information.",
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: no",
    'secret "regcred" not found',
    'MountVolume.SetUp failed for volume "x" : secret "db-password" not found',
    'Bearer realm="https://x.azurecr.io/oauth2/token",service="x"',
    "docker-pullable://nginx@sha256:" + "a" * 64,
    "ssh://git@github.com/contoso/app",
    "Basic Authentication is disabled",
    "bearer authentication required",
    "use --password to set it",
    "flag needs an argument: --token",
    "--client-secret must be given",
    "Unexpected token: '}' at 5",
    "invalid password: authentication failed",
    "wrong password: denied",
    "password: must be set",
    "the token is expired",
    "token is invalid",
    "token: EOF",
    "failed to get token: context deadline exceeded",
    "The token expired at 2024-01-01T00:00:00Z",
    "clock skew: secret is not yet valid",
    "cookie: not set",
    "authorization: user x cannot get path",
    "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.",
    "error getting credentials - err: exit status 1, out: `credentials not found in native keychain`",
    "imagePullSecrets: regcred",
    "x-ms-correlation-request-id: 12345678-aaaa",
    "pass: 3, fail: 2",
    "wrong password",
    "no password was given",
    "the secret regcred was not found",
    'secret "ns1/db-2" not found',
    "secret DB_PASSWORD not set",
    "the password expired 3 days ago",
    "password 3 attempts left",
    "private key 2048 bits",
    "refresh token AADSTS70043: it has expired",
    "password (AADSTS50126)",
    "access token v2",
    "password OAuth2 flow",
    "refresh_token grant_type=refresh_token",
    "token 401 Unauthorized",
    "change the password at https://a1.example/b2",
    "docker run -p 8080:80 web",
    "mkdir -p /a/b1",
    "kubectl logs -p pod-1",
    "login failed -p is not known",
)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_comes_out_whole(text: str) -> None:
    assert redact(text) == text
    assert quoted(text, 1000) == text


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_beside_a_credential_loses_only_that(text: str) -> None:
    assert redact(f"{text}\npassword=hunter2") == f"{text}\npassword={HIDDEN}"


@examples(300)
@given(st.lists(st.sampled_from(("failed", "to", "fetch", "image", "registry", "from", "status", "the", "pull", "denied"))))
def test_plain_words_come_out_whole(words: list[str]) -> None:
    for lead in ("token: ", "secret: ", "failed to authorize: ", "password: denied, ", ""):
        text = f"{lead}unexpected {' '.join(words)} error"
        assert redact(text) == text


FORMS = (
    "Invalid client secret provided: '{}'",
    "Invalid client secret provided: {}",
    "--password {}",
    "--password={}",
    "-password '{}'",
    "--client-secret {}",
    "pass={}",
    "PASSWORD = {}",
    "PGPASSWORD={}",
    "AZURE_CLIENT_SECRET={}",
    "client_secret={}&grant_type=x",
    "AccountKey={};EndpointSuffix=core.windows.net",
    "X-IDENTITY-HEADER: {}",
    "IDENTITY_HEADER={}",
    "x-registry-auth: {}",
    "X-Vault-Token: {}",
    "PRIVATE-TOKEN: {}",
    "Ocp-Apim-Subscription-Key: {}",
    "https://user:{}@contoso.azurecr.io/v2/",
    "https://user:p@{}@contoso.azurecr.io/v2/",
    "https://{}@proxy:3128",
    "Authorization: Bearer {}",
    "authorization=Basic {}",
    "Proxy-Authorization: {}",
    "Bearer {}",
    "Cookie: a={}; b=c",
    "https://x/y?sv=1&sig={}&se=2",
    '{{"password":"{}"}}',
    '{{"auth": "{}"}}',
    '{{\\"password\\":\\"{}\\"}}',
    "password: {}",
    "password is {}",
    "wrong password: '{}'",
    'password "{}" is wrong',
    "token '{}' is not accepted",
    "refresh_token: {}",
    "clientSecret: {}",
    'password="a\\"b{}"',
    "password: '{}",
)
BARE = (
    "docker login -u bob -p {} r.example",
    "wrong password {} for user x",
    "refresh_token {}",
    "passwd {}",
    "pwd {}&3",
    "client secret {}",
    "api key {}",
    'auth token "{}"',
    'secret "{}"',
    "secret {}",
    "-p {}",
    "token {} is bad",
    "pass {}",
)
"""Prose, dates, versions, names of objects and ports stand here, too: what has capitals, digits and more is none of them."""
SECRETS = st.text(string.ascii_letters + string.digits + "._~-", min_size=8, max_size=40).filter(
    lambda text: any(c.isdigit() for c in text) and text[0].isalnum()
)


@pytest.mark.parametrize("form", BARE)
@examples(40)
@given(SECRETS)
def test_what_can_be_no_prose_and_no_name_is_gone(form: str, secret: str) -> None:
    assert f"S3{secret}" not in redact(form.format(f"S3{secret}x"))


@pytest.mark.parametrize("form", FORMS)
@examples(40)
@given(SECRETS)
def test_each_form_of_a_credential_is_gone(form: str, secret: str) -> None:
    for text in (form.format(secret), f"error: {form.format(secret)} (401)"):
        assert secret not in redact(text)
        assert HIDDEN in redact(text)


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 9,
        "glpat-" + "a1B2" * 5,
        "dckr_pat_" + "a1B2" * 6,
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "abc8Q~" + "x" * 34,
        "A" * 42 + "+ACR" + "b" * 6,
        "sha256~" + "a1B2" * 10,
        "AKIA" + "A1B2" * 4,
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    ],
)
def test_what_is_known_by_its_shape_is_gone_wherever_it_stands(secret: str) -> None:
    assert secret not in redact(f"it said {secret} to us")


def test_a_credential_that_is_cut_is_not_shown_in_part() -> None:
    assert "hunter" not in quoted(f'it said "password":"{"hunter2" * 4000}"', 200)
