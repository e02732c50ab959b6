"""Pointers into objects (RFC 6901): escaped as the specification says, and to where the container stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.facts.pointers import container_places, image_pointer, json_pointer
from tui.domain.facts.workload import ContainerType, TemplateContainer

# The examples of RFC 6901, 5.
EXAMPLES = {("foo",): "/foo", ("foo", 0): "/foo/0", ("",): "/", ("a/b",): "/a~1b", ("m~n",): "/m~0n", ("~1",): "/~01", (): ""}


@pytest.mark.parametrize(("parts", "pointer"), EXAMPLES.items())
def test_names_are_escaped_as_the_specification_does(parts: tuple[str | int, ...], pointer: str) -> None:
    assert json_pointer(*parts) == pointer


@given(st.lists(st.text(alphabet="~/01ab"), min_size=1))
def test_a_pointer_is_read_back_as_what_it_was_made_of(parts: list[str]) -> None:
    first, *rest = json_pointer(*parts).split("/")
    assert first == ""
    assert [part.replace("~1", "/").replace("~0", "~") for part in rest] == parts


_TYPES = (ContainerType.INIT, ContainerType.SIDECAR, ContainerType.CONTAINER)
_TEMPLATES = st.lists(st.tuples(st.sampled_from(_TYPES), st.text("abc", min_size=1)), unique_by=lambda pair: pair[1])


@given(_TEMPLATES, st.sampled_from(["Deployment", "StatefulSet", "CronJob", "ReplicationController", "Pod"]))
def test_a_pointer_leads_to_the_image_of_its_container(template: list[tuple[ContainerType, str]], kind: str) -> None:
    containers = [TemplateContainer(name, of, f"image-of-{name}") for of, name in template]
    spec: dict[str, Any] = {"containers": [], "initContainers": []}
    for container in containers:
        place = "containers" if container.type is ContainerType.CONTAINER else "initContainers"
        spec[place].append({"name": container.name, "image": container.image})
    whole: dict[str, Any] = {"spec": spec}
    if kind != "Pod":
        whole = {"spec": {"template": whole}}
    if kind == "CronJob":
        whole = {"spec": {"jobTemplate": whole}}
    places = container_places(containers)
    for container in containers:
        value: Any = whole
        for part in image_pointer(kind, places[container.type, container.name]).split("/")[1:]:
            value = value[int(part) if isinstance(value, list) else part]
        assert value == container.image


def test_what_has_no_place_has_no_pointer() -> None:
    volume = TemplateContainer("model", ContainerType.VOLUME, "registry.example/model:1")
    assert container_places((volume,)) == {}
    assert image_pointer("Deployment", None) == ""
