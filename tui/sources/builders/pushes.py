"""What the log of a build says that it pushed: the lines of `docker push` and of BuildKit.

Sources: a recorded log of ACR Tasks ("The push refers to repository [...]", "TAG: digest: sha256:... size: N"),
moby/buildkit `util/push` ("pushing manifest for NAME:TAG@sha256:..."). A log is what its writer made it: only repositories that
the job is known to push into are taken from it, and the registry is asked whether it has what is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from tui.domain.facts.build import BuiltImage
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import parse_reference
from tui.errors import InvalidReference

__all__ = ["PushedImages"]

MOST = 50
"""Images that are taken from a log."""
_REPOSITORY = re.compile(r"\bThe push refers to (?:a )?repository \[([^\]\s]{1,500})\]")
_PUSHED = re.compile(r"(?:^|\s)([\w][\w.-]{0,127}): digest: (sha256:[0-9a-f]{64}) size: \d{1,12}\s*$")
_MANIFEST = re.compile(r"\bpushing manifest for ([^\s@]{1,640})@(sha256:[0-9a-f]{64})(?=\s|$)")


class PushedImages:
    """Reads a log line by line. `is_ours` says of a repository whether the job pushes into it."""

    def __init__(self, is_ours: Callable[[RepositoryName], bool]) -> None:
        self._is_ours = is_ours
        self._images: dict[BuiltImage, None] = {}
        self._repository: RepositoryName | None = None
        self._is_open = False
        self._is_mixed = False

    @property
    def images(self) -> tuple[BuiltImage, ...]:
        """What was pushed so far; nothing where pushes that ran side by side cannot be told from one another."""
        return () if self._is_mixed else tuple(self._images)

    def read(self, line: str) -> None:
        """Take a line, without escapes."""
        if match := _MANIFEST.search(line):
            with suppress(InvalidReference):
                reference = parse_reference(match[1])
                self._add(BuiltImage(reference.name, reference.tag, match[2]))
        elif match := _REPOSITORY.search(line):
            self._begin(match[1])
        elif self._repository is not None and (match := _PUSHED.search(line)):
            self._is_open = False
            self._add(BuiltImage(self._repository, match[1], match[2]))

    def _begin(self, name: str) -> None:
        before, self._repository = self._repository, None
        with suppress(InvalidReference):
            reference = parse_reference(name)
            self._repository = reference.name
        self._is_mixed = self._is_mixed or (self._is_open and before != self._repository)
        self._is_open = True

    def _add(self, image: BuiltImage) -> None:
        if len(self._images) < MOST and self._is_ours(image.name):
            self._images[image] = None
