"""Whether an image is what ran before under its name, or something else that took the name.

A release changes layers, versions and digests, but seldom who signs, what it stands on, and how it is built, all at once.
So an image is unexpected when everything known that ran before was signed by others, or when it shares neither the family of
its base nor its build steps with any of it. One difference alone is worth a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.image import HistoryEntry
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["LEFT_BEHIND", "Observation", "Suspicion", "builder_of", "compare", "shape_of"]

LEFT_BEHIND = "left behind by the tag"
"""Where an image was seen that had the tag once, and may never have run."""
ALIKE = 0.25
"""The part of the shorter list of steps that two builds of one Dockerfile have in common at least."""
SHOWN = 3
_CHANGING = re.compile(r"[0-9a-f]{7,}|\d+", re.ASCII)
_SPACES = re.compile(r"\s+")
# What builders write into the last step of an image's history.
_BUILDERS = (
    ("BuildKit", re.compile(r"# buildkit\s*$|buildkit\.dockerfile")),
    ("Jib", re.compile(r"^jib-")),
    ("ko", re.compile(r"^ko build")),
    ("Bazel", re.compile(r"^bazel build")),
    ("Buildpacks", re.compile(r"^Buildpacks|^Application (Layer|Slice)|^Launcher Config", re.IGNORECASE)),
    ("apko", re.compile(r"^apko")),
    ("kaniko", re.compile(r"kaniko")),
    ("docker build", re.compile(r"^/bin/sh -c #\(nop\)|^\|\d+ |^/bin/sh -c ")),
)
MAX_STEP = 1000


class Observation(msgspec.Struct, frozen=True, gc=False):
    """What was seen of an image under a name, now or once.

    `place` says where it was seen, in words; `at` is when it was made or pushed. `families` are names of what it stands on
    (`debian`, `python`), `builder` is what built it, `steps` are its own build steps without what changes from build to build,
    `layers` its diff_ids. `signers` are those whose signatures were accepted, None when nobody looked for any. What is empty
    is not known.
    """

    image: ImageKey
    place: str
    at: datetime | None = None
    families: frozenset[str] = frozenset()
    builder: str = ""
    steps: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()
    signers: frozenset[str] | None = None


class Suspicion(msgspec.Struct, frozen=True, gc=False):
    """How an image differs from all that ran before; `impostor` when that is more than a release explains.

    `by_signer` says that only its signatures tell. `doubt` says why that may not be so any more, empty when nothing is open.
    `predecessor` is the image that ran last before it, and `place` it does or did.
    """

    impostor: bool
    sentence: str
    by_signer: bool = False
    doubt: str = ""
    predecessor: ImageKey | None = None
    place: str = ""


def compare(now: Observation, before: Sequence[Observation]) -> Suspicion | None:
    """How an image differs from everything that was seen under its name before; None when it does not, or nothing is known."""
    signer = _signer(now, before)
    family = _family(now, before)
    steps = _steps(now, before)
    builder = _builder(now, before)
    differences = [sentence for sentence in (signer, family, steps, builder) if sentence]
    if not differences or not (signer or family):
        return None
    where = ", ".join(sorted({observation.place for observation in before})[:SHOWN])
    sentence = f"Compared with what ran before under this name ({where}): {'; '.join(differences)}."
    unlike = bool(family and steps)
    good = max(before, key=_known_good)
    return Suspicion(unlike or bool(signer), sentence, bool(signer) and not unlike, predecessor=good.image, place=good.place)


def _known_good(observation: Observation) -> tuple[bool, float, ImageKey]:
    """What runs or ran goes before what only had the tag; then the newest."""
    timestamp = observation.at.timestamp() if observation.at is not None else 0.0
    return observation.place != LEFT_BEHIND, timestamp, observation.image


def _signer(now: Observation, before: Iterable[Observation]) -> str:
    """Only where everything that was looked at was signed is a missing or another signer unexpected."""
    signers = [observation.signers for observation in before if observation.signers is not None]
    usual = frozenset().union(*signers) if signers and all(signers) else frozenset[str]()
    if not usual or now.signers is None or now.signers & usual:
        return ""
    others, own = _names(map(_common_name, usual)), _names(map(_common_name, now.signers))
    return f"it is signed by {own}, not by {others}" if own else f"it is not signed by {others} any more"


def _family(now: Observation, before: Iterable[Observation]) -> str:
    earlier = [observation.families for observation in before if observation.families]
    if not now.families or not earlier or any(now.families & families for families in earlier):
        return ""
    return f"it is built on {_names(now.families)}, not on {_names(frozenset().union(*earlier))}"


def _steps(now: Observation, before: Iterable[Observation]) -> str:
    comparable = [observation for observation in before if observation.steps]
    if not now.steps or not comparable or any(_is_alike(now, observation) for observation in comparable):
        return ""
    return "its build steps have nothing in common"


def _is_alike(now: Observation, other: Observation) -> bool:
    common = len(now.steps & other.steps)
    return bool(now.layers & other.layers) or common >= ALIKE * min(len(now.steps), len(other.steps))


def _builder(now: Observation, before: Iterable[Observation]) -> str:
    builders = {observation.builder for observation in before if observation.builder}
    if not now.builder or not builders or now.builder in builders:
        return ""
    return f"it was built with {now.builder}, not with {_names(builders)}"


def _common_name(signer: str) -> str:
    """The beginning of a distinguished name, which tells people apart; anything else as it is."""
    return signer.split(",")[0] if signer.startswith("CN=") else signer


def _names(names: Iterable[str]) -> str:
    cleaned = sorted(clean(name, 80) for name in names)
    return f"{', '.join(cleaned[:SHOWN])}{' and others' if len(cleaned) > SHOWN else ''}"


# ---- what a history tells


def builder_of(history: Sequence[HistoryEntry]) -> str:
    """What built an image, by what it writes into the last step; empty when nothing tells."""
    if not history:
        return ""
    last = history[-1]
    texts = (last.created_by[:MAX_STEP], last.comment[:MAX_STEP])
    return next((name for name, pattern in _BUILDERS if any(pattern.search(text) for text in texts)), "")


def shape_of(history: Sequence[HistoryEntry]) -> frozenset[str]:
    """Build steps without versions, digests and white space, so that two builds of one Dockerfile look the same."""
    steps = (_SPACES.sub(" ", _CHANGING.sub("#", entry.created_by[:MAX_STEP])).strip() for entry in history)
    return frozenset(step for step in steps if step)
