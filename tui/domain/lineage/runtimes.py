"""Which language runtimes an image holds, read from the variables that their official images set.

Sources: the Dockerfiles of the Docker Official Images (python, node, golang, php, ruby, eclipse-temurin) and of
dotnet/dotnet-docker. A later step may set a variable anew; the last word counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.domain.facts.image import HistoryEntry
from tui.domain.lineage.endoflife import Product

__all__ = ["runtimes_of"]

MAX_STEP = 4096
MAX_STEPS = 500
_VARIABLES = {
    "PYTHON_VERSION": "python",
    "NODE_VERSION": "nodejs",
    "JAVA_VERSION": "java",
    "DOTNET_VERSION": "dotnet",
    "ASPNET_VERSION": "dotnet",
    "GOLANG_VERSION": "go",
    "PHP_VERSION": "php",
    "RUBY_VERSION": "ruby",
}
_SET = re.compile(rf"\b({'|'.join(_VARIABLES)})[= ]\"?v?(?:jdk-?)?(\d[\w.+-]{{0,40}})", re.ASCII)
_NUMBERS = re.compile(r"\d+(?:\.\d+)*", re.ASCII)


def runtimes_of(history: Sequence[HistoryEntry]) -> tuple[Product, ...]:
    """The runtimes that the steps of a build set up, by name."""
    settings = dict(_settings(history))
    return tuple(Product(name, settings[name]) for name in sorted(settings))


def _settings(history: Sequence[HistoryEntry]) -> Iterator[tuple[str, str]]:
    for entry in history[:MAX_STEPS]:
        step = entry.created_by[:MAX_STEP]
        if "ENV " not in step:
            continue
        for variable, text in _SET.findall(step):
            name = _VARIABLES[variable]
            version = _NUMBERS.match(text)
            if version is not None:
                yield name, version[0].removeprefix("1.") if name == "java" else version[0]
