"""What is copied is one word of a shell, whatever names clusters and registries give."""

from __future__ import annotations

import shlex
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estates import company
from tests.laws import examples
from tui.domain.common.text import clean
from tui.domain.facts.reference import parse_reference
from tui.domain.facts.workload import ObjectKey
from tui.presenters.copying import for_shell, name_to_copy, reference_to_copy
from tui.presenters.keys import RowSubject


@examples(300)
@given(st.text(max_size=60))
def test_what_is_copied_is_one_word_that_means_the_text(text: str) -> None:
    copied = for_shell(text)
    if clean(text).startswith("-") or not text:
        assert copied == ""
    else:
        assert shlex.split(copied) == [clean(text)]
        assert "\n" not in copied


@pytest.mark.parametrize("text", ["$(id)", "a;id", "`id`", "a b", "a'b", 'a"b', "=ls", "~root", "a\nid\n", "@x", "%1", "é"])
def test_what_means_something_to_a_shell_is_quoted(text: str) -> None:
    assert for_shell(text).startswith("'")


@pytest.mark.parametrize("text", ["--rm", "-v/:/host"])
def test_an_option_is_not_copied(text: str) -> None:
    assert for_shell(text) == ""


def test_a_tag_that_is_none_is_not_copied() -> None:
    snapshot = company()
    key = next(key for key in snapshot.images if key.repository == "library/alpine")
    for tags, name in (((";id", "3.16"), "docker.io/library/alpine:3.16"), (("$(id)",), "docker.io/library/alpine@")):
        image = msgspec.structs.replace(snapshot.images[key], tags=tags)
        changed = replace(snapshot, images={**snapshot.images, key: image})
        copied = name_to_copy(RowSubject(image=key), changed)
        assert copied.startswith(name)
        assert parse_reference(copied).repository == "library/alpine"
        assert parse_reference(reference_to_copy(RowSubject(image=key), changed)).digest == key.digest


def test_kinds_and_names_of_owners_are_quoted() -> None:
    odd = RowSubject(workload=ObjectKey("lab", "x", "Deploy;id", "a$(id)"))
    assert name_to_copy(odd, company()) == "'deploy;id/a$(id)'"
