"""Which distribution an image is built on, read from its history and labels without pulling a layer.

Sources: history lines of Docker Official Images (docker-library/repo-info), the buildpacks platform specification, Red
Hat's image labels. The label `org.opencontainers.image.version` alone is no evidence: applications overwrite it. Azure
Linux, distroless and Chainguard leave no hint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tui.domain.common.text import clean
from tui.domain.facts.image import HistoryEntry, ImageConfig

__all__ = ["distro_hint", "distro_of"]

MAX_STEP = 4096  # characters of one history line that are looked at
MAX_STEPS = 200

_DEBIAN = re.compile(r"debian\.sh --arch '[a-z0-9]+' out/ '([a-z0-9.-]+)' '@\d+'", re.ASCII)
_ALPINE = re.compile(r"alpine-minirootfs-(\d+\.\d+(?:\.\d+)*(?:_[a-z0-9]+)?)-[a-z0-9_]+\.tar", re.ASCII)
_REF_NAME = re.compile(r"LABEL org\.opencontainers\.image\.ref\.name=\"?([a-z]+)\"?\s*$", re.ASCII)
_VERSION = re.compile(r"LABEL org\.opencontainers\.image\.version=\"?([0-9][0-9.]*)\"?\s*$", re.ASCII)
_RED_HAT = re.compile(r"(ubi|rhel)(\d+)(?:-(?:minimal|micro|init|base))?(?:-container)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,40}", re.ASCII)
# Debian's releases by code name (debian.org/releases)
_DEBIAN_VERSIONS: Mapping[str, str] = {
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
}


def distro_of(config: ImageConfig) -> str:
    """The distribution of an image, such as `debian 12` or `alpine 3.22.1`; empty when nothing tells."""
    return distro_hint(config.history, config.labels)


def distro_hint(history: Sequence[HistoryEntry], labels: Mapping[str, str]) -> str:
    """The same, from the parts; the history is what the base's builder wrote, so it comes before labels."""
    return _from_history(history) or _from_labels(labels)


def _from_history(history: Sequence[HistoryEntry]) -> str:
    steps = [entry.created_by[:MAX_STEP] for entry in history[:MAX_STEPS]]
    for index, step in enumerate(steps):
        system = _from_step(step, steps[index + 1] if index + 1 < len(steps) else "")
        if system:
            return system
    return ""


def _from_step(step: str, following: str) -> str:
    if match := _DEBIAN.search(step):
        suite = match[1].split("-")[0]
        return f"debian {_DEBIAN_VERSIONS.get(suite, suite)}"
    if match := _ALPINE.search(step):
        return f"alpine {match[1]}"
    name, version = _REF_NAME.search(step), _VERSION.search(following)
    return f"{name[1]} {version[1]}" if name and version else ""


def _from_labels(labels: Mapping[str, str]) -> str:
    name, version = labels.get("io.buildpacks.base.distro.name", ""), labels.get("io.buildpacks.base.distro.version", "")
    if _WORD.fullmatch(name):
        return clean(f"{name} {version}" if _WORD.fullmatch(version) else name)
    match = _RED_HAT.match(labels.get("com.redhat.component", "")[:100])
    return f"{match[1]} {match[2]}" if match else ""
