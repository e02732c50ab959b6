"""What logs say was pushed: of the forms of `docker push` and BuildKit, only of repositories that the job pushes into."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.facts.build import BuiltImage
from tui.domain.facts.image import RepositoryName
from tui.sources.builders.pushes import PushedImages

ACR = "contoso.azurecr.io"
ONE, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
TO_SHOP = f"The push refers to repository [{ACR}/shop]"
TO_WEB = f"The push refers to repository [{ACR}/web]"
HUB = "The push refers to repository [docker.io/contoso/shop]"
NAMES = frozenset({RepositoryName(ACR, "shop"), RepositoryName(ACR, "web"), RepositoryName("docker.io", "contoso/shop")})


def pushed_images(lines: Iterable[str], is_ours: Callable[[RepositoryName], bool]) -> tuple[BuiltImage, ...]:
    """What these lines say was pushed."""
    pushed = PushedImages(is_ours)
    for line in lines:
        pushed.read(line)
    return pushed.images


def told(*lines: str) -> list[str]:
    return [f"{image.name}:{image.tag}@{image.digest[7]}" for image in pushed_images(lines, NAMES.__contains__)]


@pytest.mark.parametrize(
    ("lines", "images"),
    [
        ((TO_SHOP, "5f70bf18a086: Pushed", f"1.0: digest: {ONE} size: 2418"), [f"{ACR}/shop:1.0@a"]),
        ((HUB, f"latest: digest: {ONE} size: 1"), ["docker.io/contoso/shop:latest@a"]),
        (
            (TO_SHOP, f"1.0: digest: {ONE} size: 9", f"latest: digest: {ONE} size: 9"),
            [f"{ACR}/shop:1.0@a", f"{ACR}/shop:latest@a"],
        ),
        (
            (TO_SHOP, f"1: digest: {ONE} size: 9", TO_WEB, f"1: digest: {OTHER} size: 9"),
            [f"{ACR}/shop:1@a", f"{ACR}/web:1@b"],
        ),
        ((TO_SHOP, "denied", TO_SHOP, f"1: digest: {ONE} size: 9"), [f"{ACR}/shop:1@a"]),
        ((f"#12 pushing manifest for {ACR}/shop:1.0@{ONE} 0.8s done",), [f"{ACR}/shop:1.0@a"]),
        # Nothing is guessed: no repository, two at once, another repository, a line that only resembles one.
        ((f"1.0: digest: {ONE} size: 9",), []),
        ((TO_SHOP, TO_WEB, f"1: digest: {ONE} size: 9", f"1: digest: {OTHER} size: 9"), []),
        ((f"The push refers to repository [{ACR}/payments/api]", f"1: digest: {ONE} size: 9"), []),
        ((f"pushing manifest for {ACR}/payments/api:1@{ONE}",), []),
        ((TO_SHOP, f"Digest: {ONE}", f"1: digest: {ONE[:-1]} size: 9", f"1: digest: {ONE} size: many"), []),
        ((f"The push refers to repository [{ACR}/shop/../api]", f"1: digest: {ONE} size: 9"), []),
        (
            (TO_SHOP, "The push refers to repository [ ]", "The push refers to repository [A:B:C]", f"1: digest: {ONE} size: 9"),
            [],
        ),
    ],
)
def test_what_was_pushed_is_taken_from_the_lines_of_a_log(lines: tuple[str, ...], images: list[str]) -> None:
    assert told(*lines) == images


@given(
    st.lists(st.one_of(st.text(), st.sampled_from([TO_SHOP, TO_WEB, f"1: digest: {ONE} size: 9", f"x: digest: {OTHER} size: 1"])))
)
def test_no_log_tells_of_another_repository(lines: list[str]) -> None:
    assert all(image.name in NAMES for image in pushed_images(lines, NAMES.__contains__))
    assert len(told(*lines)) <= 50
    assert not pushed_images(lines, lambda name: False)
