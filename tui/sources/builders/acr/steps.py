"""Which images the steps of an ACR task push: names with variables, and steps written in YAML.

Source: learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml (steps `build`, `cmd`, `push`; the
aliases `$Registry`, `$ID`, ... stand for `{{.Run.Registry}}`, `{{.Run.ID}}`, ...).
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import pairwise

from tui.domain.common.text import clean
from tui.domain.facts.build import BuiltImage
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import is_registry, is_repository, normalize_registry
from tui.sources.builders.yaml_files import at, mappings, parsed, texts

__all__ = ["encoded_images", "encoded_steps", "named_image"]

LONGEST = 64 << 10
MOST_STEPS = 200
_REGISTRY = re.compile(r"^(?:\$\{?Registry\}?|\{\{\s*\.Run\.Registry\s*\}\})/", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?\w|\{\{")


def named_image(text: str, host: str) -> BuiltImage | None:
    """An image name of a task, in this registry when it names none; the tag stays as written. None when it is no name."""
    text = _REGISTRY.sub("", text.strip()[:1024])
    path, _, tag = text.partition(":") if "/" not in text.partition(":")[2] else _with_port(text)
    first, slash, path_within = path.partition("/")
    is_host = bool(slash) and is_registry(first) and any(mark in first for mark in ".:")
    registry, repository = (normalize_registry(first.lower()), path_within) if is_host else (host, path)
    if _VARIABLE.search(repository) or not is_repository(repository):
        return None
    return BuiltImage(RepositoryName(registry, repository), clean(tag, 128) or "latest")


def _with_port(text: str) -> tuple[str, str, str]:
    host, _, name = text.partition("/")
    path, colon, tag = name.partition(":")
    return f"{host}/{path}", colon, tag


def encoded_images(content: str, host: str) -> tuple[BuiltImage, ...]:
    """The images that the steps of an encoded task push; a step that cannot be read pushes nothing that is known."""
    names = dict.fromkeys(name for step in encoded_steps(content) for name in _pushed(step))
    images = (named_image(name, host) for name in names)
    return tuple(dict.fromkeys(image for image in images if image is not None))


def encoded_steps(content: str) -> list[Mapping[str, object]]:
    """The steps of an encoded task; none where they cannot be read."""
    try:
        text = base64.b64decode(content[:LONGEST], validate=False)
    except (binascii.Error, ValueError):
        return []
    document = parsed(text) if b"&" not in text else None  # aliases could grow it without end
    return mappings(at(document, "steps"))[:MOST_STEPS]


def _pushed(step: Mapping[str, object]) -> Iterator[str]:
    yield from texts(step.get("push"))
    command = step.get("cmd")
    if isinstance(command, str) and "buildx" in command and "--push" in command:
        yield from _tags(command)


def _tags(command: str) -> Iterator[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        return
    for word, following in pairwise(words):
        if word in ("-t", "--tag"):
            yield following
