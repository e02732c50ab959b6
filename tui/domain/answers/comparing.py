"""Two images of one name side by side: who signed them, what they are built on, what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean, first_few, short
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.scan import Severity
from tui.domain.facts.signature import StepName, StepState
from tui.domain.snapshot.snapshot import BaseLink, Image, Snapshot

__all__ = ["Alike", "Comparison", "compare", "compare_configurations", "signers_of"]

_NAMED = 4
_VALUE, _SHOWN = 120, 300


class Alike(StrEnum):
    """Whether both images are the same in something; UNKNOWN where that of one of them is not known."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


class Comparison(msgspec.Struct, frozen=True):
    """Something of two images, each in words; empty words are not known."""

    what: str
    before: str
    after: str
    alike: Alike


def _row(name: str, before: str, after: str, *, are_known: bool = True) -> Comparison:
    """Whole values are compared, the beginning of each is shown: what is the same is proven to the last letter."""
    shown = clean(before, _SHOWN), clean(after, _SHOWN)
    if not are_known or not before or not after:
        return Comparison(name, *shown, Alike.UNKNOWN)
    return Comparison(name, *shown, Alike.SAME if before == after else Alike.DIFFERENT)


def compare(before: Image, after: Image, snapshot: Snapshot) -> tuple[Comparison, ...]:
    """What the estate knows of both, without asking anybody."""
    return (
        _row(
            "verdict", before.verdict.value, after.verdict.value, are_known=State.UNKNOWN not in (before.verdict, after.verdict)
        ),
        _row("signature", _signed(before), _signed(after), are_known=_tells_signers(before) and _tells_signers(after)),
        _bases(before, after, snapshot),
        _row("built", _moment(before.created), _moment(after.created)),
        _row("pushed", _moment(before.pushed), _moment(after.pushed)),
        _row("platforms", _platforms(before), _platforms(after)),
        *_vulnerabilities(before, after),
    )


# ---- trust


def signers_of(image: Image) -> tuple[str, ...]:
    """Those whose signature on it is authentic, whether the policy accepts them or not."""
    outcomes = [outcome for verified in image.signatures for outcome in verified.outcomes]
    authentic = (
        outcome.signer
        for outcome in outcomes
        if outcome.verdict.accepted
        or all(
            (step := outcome.step(name)) is not None and step.state is StepState.PASSED
            for name in (StepName.INTEGRITY, StepName.AUTHENTICITY)
        )
    )
    return tuple(dict.fromkeys(filter(None, authentic)))


def _signed(image: Image) -> str:
    signers = signers_of(image)
    if signers:
        return f"signed by {', '.join(sorted(signers))}"
    check = _check(image, CheckName.SIGNATURE)
    if check is None or check.state in (State.UNKNOWN, State.OFF) or not image.signatures:
        return ""
    has_any = any(verified.outcomes for verified in image.signatures)
    return "no signature that is authentic" if has_any else "not signed"


def _tells_signers(image: Image) -> bool:
    """Whether all its signatures were read: another may be among those that were not."""
    check = _check(image, CheckName.SIGNATURE)
    return check is not None and check.state is not State.UNKNOWN


def _check(image: Image, name: CheckName) -> Check | None:
    return next((check for check in image.checks if check.name is name), None)


def _bases(before: Image, after: Image, snapshot: Snapshot) -> Comparison:
    row = _row("base", _base(before, snapshot), _base(after, snapshot))
    keys = [image.base.base if image.base is not None else None for image in (before, after)]
    # A short digest is for the eye.
    return msgspec.structs.replace(row, alike=Alike.DIFFERENT) if row.alike is Alike.SAME and keys[0] != keys[1] else row


def _base(image: Image, snapshot: Snapshot) -> str:
    if image.base is None:
        return "none" if image.root else ""
    return f"{_name(image.base, snapshot)} {short(image.base.base.digest)}".strip()


def _name(link: BaseLink, snapshot: Snapshot) -> str:
    key, unknown = link.base, snapshot.bases.get(link.base)
    if unknown is not None:
        return clean(unknown.label, _VALUE)
    return f"{key.repository}{f':{clean(link.tag, _VALUE)}' if link.tag else ''}"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else ""


def _platforms(image: Image) -> str:
    return ", ".join(map(str, image.platforms))


# ---- what scanners found


def _vulnerabilities(before: Image, after: Image) -> Iterator[Comparison]:
    """Counts of what is grave, and which vulnerable packages only one of them has; a gap in a report is no difference."""
    are_scanned = not before.scan_gap and not after.scan_gap and bool(before.scans) and bool(after.scans)
    yield _row("scan", _grave(before), _grave(after), are_known=are_scanned)
    old, new = (_packages(image) for image in (before, after))
    if are_scanned and old != new:
        yield Comparison("packages", _listed(old - new), _listed(new - old), Alike.DIFFERENT)


def _grave(image: Image) -> str:
    if not image.scans:
        return ""
    counts = {
        level: len({row.id for row in image.vulnerabilities if row.severity is level and row.vex is None}) for level in _GRAVE
    }
    return ", ".join(f"{number} {level}" for level, number in counts.items() if number) or "nothing grave"


_GRAVE = (Severity.CRITICAL, Severity.HIGH)


def _packages(image: Image) -> frozenset[str]:
    return frozenset(clean(f"{row.package} {row.installed}".strip(), _VALUE) for row in image.vulnerabilities)


def _listed(names: frozenset[str], nothing: str = "none") -> str:
    return first_few(sorted(names), _NAMED) or nothing


# ---- configurations


class _Runtime(msgspec.Struct):
    """What of a configuration says how it runs (OCI image-spec, `config`)."""

    user: str | None = msgspec.field(default=None, name="User")
    env: list[str] | None = msgspec.field(default=None, name="Env")
    entrypoint: list[str] | None = msgspec.field(default=None, name="Entrypoint")
    command: list[str] | None = msgspec.field(default=None, name="Cmd")
    labels: dict[str, str] | None = msgspec.field(default=None, name="Labels")


class _RootFs(msgspec.Struct):
    diff_ids: list[str] = []


class _Configuration(msgspec.Struct):
    """A configuration (OCI image-spec, `config.md`)."""

    rootfs: _RootFs | None = None
    config: _Runtime | None = None


def compare_configurations(before: bytes, after: bytes) -> tuple[Comparison, ...]:
    """Layers, labels and how they start, by two configurations; none where one is in no known form."""
    try:
        old, new = (from_json(body, _Configuration) for body in (before, after))
    except DECODING:
        return ()
    if old.rootfs is None or new.rootfs is None:
        return ()  # what lists no layers is the configuration of something else (OCI image-spec: `rootfs` is required)
    return (*_layers(old.rootfs, new.rootfs), *_starts(old.config or _Runtime(), new.config or _Runtime()))


def _layers(old: _RootFs, new: _RootFs) -> Iterator[Comparison]:
    before, after = old.diff_ids, new.diff_ids
    shared = next(
        (place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), min(len(before), len(after))
    )
    alike = Alike.SAME if before == after else Alike.DIFFERENT
    yield Comparison(
        "layers", f"{len(before)}, the first {shared} shared", f"{len(after)}, {len(after) - shared} of its own", alike
    )


def _starts(old: _Runtime, new: _Runtime) -> Iterator[Comparison]:
    rows = (
        ("entrypoint", _words(old.entrypoint), _words(new.entrypoint)),
        ("command", _words(old.command), _words(new.command)),
        ("user", old.user or "root", new.user or "root"),
    )
    yield from (_row(name, before, after) for name, before, after in rows)
    yield from _pairs("environment", _variables(old), _variables(new))
    yield from _pairs("labels", old.labels or {}, new.labels or {})


def _words(words: list[str] | None) -> str:
    return " ".join(words or ()) or "none"


def _variables(runtime: _Runtime) -> dict[str, str]:
    return {name: value for name, _, value in (variable.partition("=") for variable in runtime.env or ())}


def _pairs(label: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Comparison]:
    """One row for each name whose value differs; where none does, one that says so."""
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if not names:
        yield Comparison(label, f"{len(before)}", f"{len(after)}", Alike.SAME)
    for name in names:
        title = clean(f"{label.removesuffix('s')} {name}", _VALUE)
        old, new = (clean(side[name], _VALUE) or "empty" if name in side else "none" for side in (before, after))
        yield Comparison(title, old, new, Alike.DIFFERENT)
