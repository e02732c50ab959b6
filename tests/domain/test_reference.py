"""Image references, after the grammar and the tests of github.com/distribution/reference (normalize_test, reference_test)."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import (
    MAX_REFERENCE,
    ImageId,
    ImageIdKind,
    Reference,
    format_reference,
    is_digest,
    parse_image_id,
    parse_reference,
)
from tui.errors import InvalidReference

A = "sha256:" + "a" * 64
HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", Reference("docker.io", "library/nginx", "latest")),
        ("nginx:1.27-alpine", Reference("docker.io", "library/nginx", "1.27-alpine")),
        ("bitnami/redis", Reference("docker.io", "bitnami/redis", "latest")),
        ("docker.io/nginx", Reference("docker.io", "library/nginx", "latest")),
        ("docker.io/library/nginx:1", Reference("docker.io", "library/nginx", "1")),
        ("index.docker.io/nginx", Reference("docker.io", "library/nginx", "latest")),
        ("registry-1.docker.io/bitnami/redis:7", Reference("docker.io", "bitnami/redis", "7")),
        ("registry.hub.docker.com/library/node:15-alpine", Reference("docker.io", "library/node", "15-alpine")),
        ("contoso.azurecr.io/team/app:1.0", Reference("contoso.azurecr.io", "team/app", "1.0")),
        ("Contoso.azurecr.io/app:RC_1", Reference("contoso.azurecr.io", "app", "RC_1")),
        ("localhost/app", Reference("localhost", "app", "latest")),
        ("localhost:5000/app:x", Reference("localhost:5000", "app", "x")),
        ("myhost:5000/a/b", Reference("myhost:5000", "a/b", "latest")),
        ("myhost:5000", Reference("docker.io", "library/myhost", "5000")),
        ("[::1]:5000/app:x", Reference("[::1]:5000", "app", "x")),
        ("[2001:db8::1]/app", Reference("[2001:db8::1]", "app", "latest")),
        ("FOO/app", Reference("FOO", "app", "latest")),
        ("foo__bar/b--c/d.e:t", Reference("docker.io", "foo__bar/b--c/d.e", "t")),
        (f"nginx@{A}", Reference("docker.io", "library/nginx", "", A)),
        (f"nginx:1.27@{A}", Reference("docker.io", "library/nginx", "1.27", A)),
        ("x@sha512:" + "0" * 128, Reference("docker.io", "library/x", "", "sha512:" + "0" * 128)),
        ("x@sha384:" + "0" * 96, Reference("docker.io", "library/x", "", "sha384:" + "0" * 96)),
        (f"docker.io/{HEX}", Reference("docker.io", f"library/{HEX}", "latest")),
        (f"{HEX}:tag", Reference("docker.io", f"library/{HEX}", "tag")),
    ],
)
def test_a_reference_is_read_as_containerd_reads_it(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected
    assert parse_reference(format_reference(expected)) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("Nginx", "upper-case"),
        ("docker.io/Team/app", "upper-case"),
        ("a//b", "repository"),
        ("/app", "repository"),
        ("a/", "repository"),
        (":tag", "missing"),
        (" nginx", "repository"),
        ("nginx\n", "repository"),
        ("nginx:1\n", "tag"),
        ("nginx:", "tag"),
        ("nginx:a b", "tag"),
        ("nginx:" + "a" * 129, "tag"),
        ("nginx:-a", "tag"),
        ("a_-b", "repository"),
        ("a___b", "repository"),
        ("a..b", "repository"),
        ("-a.io/app", "host"),
        ("0_0.0/0", "host"),  # a dot makes the first part a host (normalize.go, splitDockerDomain), and hosts have no `_`
        ("[::1/app", "host"),
        ("[fe80::1%eth0]:5000/app", "host"),
        ("a.io:x/app", "host"),
        ("a" * 256 + ".io/app", "host"),
        ("https://contoso.azurecr.io/app", "scheme"),
        ("nginx@", "algorithm"),
        ("nginx@md5:" + "a" * 32, "algorithm"),
        ("nginx@sha256:" + "a" * 63, "64"),
        ("nginx@sha256:" + "A" * 64, "lower-case"),
        ("nginx@sha256:" + "g" * 64, "64"),
        ("nginx@sha512:" + "a" * 64, "128"),
        (f"nginx@{A}@{A}", "64"),
        (HEX, "image ID"),
        ("a.io/" + "a" * 256, "255"),
        ("a" * 248, "255"),
        ("a" * (MAX_REFERENCE + 1), "longer"),
        ("ngıńx", "repository"),
        ("nginx:१", "tag"),
        ("\x1b[31mnginx", "repository"),
    ],
)
def test_what_is_no_reference_is_refused_with_a_next_step(text: str, word: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference(text)
    assert word in caught.value.headline
    assert caught.value.remedy
    assert caught.value.headline.isprintable()


def test_a_repository_may_have_255_characters_with_library_counted() -> None:
    assert parse_reference("a" * 247).repository == "library/" + "a" * 247
    assert len(parse_reference("a.io/" + "a" * 255).repository) == 255


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ImageId(ImageIdKind.NONE)),
        (f"docker.io/library/nginx@{A}", ImageId(ImageIdKind.REPO_DIGEST, A, "docker.io", "library/nginx")),
        (f"docker-pullable://nginx@{A}", ImageId(ImageIdKind.REPO_DIGEST, A, "docker.io", "library/nginx")),
        (f"docker://{A}", ImageId(ImageIdKind.CONFIG, A)),
        (A, ImageId(ImageIdKind.CONFIG, A)),
        (HEX, ImageId(ImageIdKind.CONFIG, f"sha256:{HEX}")),
        (f"docker://{HEX}", ImageId(ImageIdKind.CONFIG, f"sha256:{HEX}")),
        (f"docker-pullable://<none>@{A}", ImageId(ImageIdKind.REPO_DIGEST, A)),
        (f"docker.io/library/import-2023-08-30@{A}", ImageId(ImageIdKind.REPO_DIGEST, A)),
        (f"docker.io/library/importer@{A}", ImageId(ImageIdKind.REPO_DIGEST, A, "docker.io", "library/importer")),
        (f"localhost/app@{A}", ImageId(ImageIdKind.REPO_DIGEST, A)),
        (f"localhost:5000/app@{A}", ImageId(ImageIdKind.REPO_DIGEST, A, "localhost:5000", "app")),
        ("docker.io/library/nginx:1.27", ImageId(ImageIdKind.NONE)),
        ("sha256:abc", ImageId(ImageIdKind.NONE)),
        (f"x@{HEX}", ImageId(ImageIdKind.NONE)),
        ("x" * 5000, ImageId(ImageIdKind.NONE)),
    ],
)
def test_an_image_id_says_which_digest_it_holds(text: str, expected: ImageId) -> None:
    """The forms of CRI `ContainerStatus.image_ref`: containerd, CRI-O, dockershim."""
    assert parse_image_id(text) == expected


def test_an_image_id_names_a_repository_only_when_it_reports_one() -> None:
    assert parse_image_id(f"nginx@{A}").name == RepositoryName("docker.io", "library/nginx")
    assert parse_image_id(A).name is None


_LOWER, _ALNUM = "abz019", "abAZ09"
_word = st.text(_LOWER, min_size=1, max_size=4)
_plain = st.builds("".join, st.tuples(_word, st.sampled_from(["", "_", "__", "-", "---"]), _word))
_component = st.one_of(_word, _plain, st.builds(".".join, st.tuples(_word, _word)))
_label = st.builds("".join, st.tuples(st.sampled_from(_ALNUM), st.text(_ALNUM + "-", max_size=3), st.sampled_from(_ALNUM)))
_host = st.one_of(
    st.builds(".".join, st.lists(_label, min_size=2, max_size=3)),
    st.builds("{}:{}".format, _label, st.integers(0, 65535)),
    st.sampled_from(["localhost", "[::1]", "[fe80::ABCD]:5000", "index.docker.io", "docker.io", "FOO"]),
)
_tag = st.builds("".join, st.tuples(st.sampled_from("aZ0_"), st.text("aZ0_.-", max_size=8)))
_digest = st.sampled_from([A, "sha384:" + "0" * 96, "sha512:" + "f" * 128])


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """References of every form. Without a host the first of several parts has no dot: a dot there makes it a host."""
    host = draw(st.one_of(st.just(""), _host))
    first = draw(_component if host else _plain)
    path = "/".join([first, *draw(st.lists(_component, max_size=2))])
    tag = draw(st.one_of(st.just(""), _tag.map(lambda name: f":{name}")))
    digest = draw(st.one_of(st.just(""), _digest.map(lambda name: f"@{name}")))
    return f"{host}/{path}{tag}{digest}" if host else f"{path}{tag}{digest}"


@examples(100)
@given(_texts())
def test_formatting_and_parsing_again_gives_the_same_reference(text: str) -> None:
    reference = parse_reference(text)
    assert parse_reference(format_reference(reference)) == reference
    assert parse_reference(str(reference)) == reference


@examples(100)
@given(st.one_of(st.text(max_size=40), st.text("aA0.:/@[]-_\x1b\u202e \n", max_size=40), _texts().map(lambda text: text + "\n")))
@example("a" * 64)
@example("sha256:" + "a" * 64)
def test_hostile_text_raises_nothing_but_invalid_reference(text: str) -> None:
    parse_image_id(text)
    with contextlib.suppress(InvalidReference):
        reference = parse_reference(text)
        assert parse_reference(format_reference(reference)) == reference


def test_a_digest_needs_a_known_algorithm_and_its_length() -> None:
    assert is_digest(A)
    assert not any(map(is_digest, ["", "sha256:", A + "a", A + "\n", "md5:" + "a" * 32]))
