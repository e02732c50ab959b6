"""The layers of an image: how large, made by which command, and whether the base's or its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.domain.facts.inquiries import Inquiries
from tui.domain.snapshot.snapshot import Image, Snapshot
from tui.errors import TrustreeError
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name, repository_name
from tui.presenters.tabs.lines import image_of, of_one_image, remark, wrapped
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext, TabSpec
from tui.presenters.words import count, plural, short_hex, size
from widgets.rows import Span, TextLine
from widgets.text import fit

__all__ = ["LAYERS", "Layer", "layers_of"]

MOST = 500
"""Layers that are shown; registries and runtimes stop at some 127."""
LARGEST = 1 << 63
"""Sizes are of 64 bits (OCI descriptor)."""
NUMBER, SIZE, WHOSE = 4, 10, 6
_SHELL, _NOTE, _BUILDKIT = "/bin/sh -c ", "#(nop)", "# buildkit"


class _Descriptor(msgspec.Struct, frozen=True):
    digest: str = ""
    size: int | None = None


class _Manifest(msgspec.Struct, frozen=True):
    """OCI image manifest: what is read of it. An index has no layers."""

    config: _Descriptor = _Descriptor()
    layers: list[_Descriptor] | None = None


class _Step(msgspec.Struct, frozen=True):
    created_by: str = ""
    comment: str = ""
    empty_layer: bool = False


class _Configuration(msgspec.Struct, frozen=True):
    """OCI image configuration: what is read of it."""

    history: list[_Step] = []


class Layer(NamedTuple):
    """A layer: its size in the registry in bytes, and the command that made it; None and empty where nobody says."""

    size: int | None
    command: str = ""


def layers_of(manifest: bytes, configuration: bytes) -> tuple[tuple[Layer, ...], bool]:
    """The layers in the order in which they are applied, and whether the history has a step for each. Raises TrustreeError.

    Steps of the history without a layer are left out (OCI image configuration, `history`: `empty_layer`). Where their numbers
    differ (images that were squashed or made by other tools), nobody knows which command made which layer.
    """
    try:
        descriptors = from_json(manifest, _Manifest).layers
        steps = [step for step in from_json(configuration, _Configuration).history if not step.empty_layer]
    except DECODING as error:
        raise TrustreeError("Its manifest or its configuration is of an unknown kind.", "The tab Raw shows them.") from error
    if descriptors is None:
        raise TrustreeError("Its manifest lists no layers.", "The tab Raw shows it.")
    is_matched = len(steps) == len(descriptors)
    commands = [_command(step) for step in steps] if is_matched else [""] * len(descriptors)
    return tuple(Layer(_size(layer), command) for layer, command in zip(descriptors, commands, strict=True)), is_matched


def _size(layer: _Descriptor) -> int | None:
    return layer.size if layer.size is not None and 0 <= layer.size < LARGEST else None


def _command(step: _Step) -> str:
    """The command as its author wrote it, as far as builders keep it."""
    text = clean(step.created_by or step.comment, 600).strip()
    text = text.removeprefix("RUN ").removeprefix(_SHELL) if _SHELL in text[:16] else text
    return text.strip().removeprefix(_NOTE).strip().removesuffix(_BUILDKIT).strip()


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    image = image_of(subject, context.snapshot)
    if image is None:
        return [remark("No image that could be read.")]
    return of_one_image(image, subject, context)


def _inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    image = image_of(subject, snapshot)
    if image is None or image.absent or not image.key.digest:
        return None
    return Inquiry((image.key, image.digests), "its layers", partial(_read, image))


async def _read(image: Image, inquiries: Inquiries) -> Drawing:
    """The layers of its first platform: those of an index are those of what it lists."""
    digest = image.digests[1] if len(image.digests) > 1 else image.key.digest
    manifest = await inquiries.manifest(image.name, digest)
    try:
        config = from_json(manifest, _Manifest).config.digest
    except DECODING as error:
        raise TrustreeError("Its manifest is of an unknown kind.", "The tab Raw shows it.") from error
    configuration = await inquiries.configuration(image.name, config) if config else b"{}"
    layers, is_matched = layers_of(manifest, configuration)
    return partial(_drawn, image, digest, layers, is_matched)


def _drawn(image: Image, digest: str, layers: Sequence[Layer], is_matched: bool, context: SectionContext) -> Sequence[TextLine]:
    sizes = [layer.size for layer in layers]
    total = (
        f", {size(sum(layer_size for layer_size in sizes if layer_size is not None))} in the registry"
        if None not in sizes and sizes
        else ""
    )
    number, manifest = Span(f" {plural(len(layers), 'layer')}{total}", "bold"), Span(f"{short_hex(digest)} ", "dim")
    has_room = len(number.text) + len(manifest.text) + 2 <= context.width
    title = TextLine((number,), (manifest,) if has_room else ())
    heads = f" {'#':>{NUMBER}}  {'size':>{SIZE}}  {'whose':<{WHOSE}}made by"
    below = _below(image, context.snapshot, len(layers))
    lines = [title, *wrapped(_whose(image, below, context.snapshot), "dim" if below is not None else "unknown", context.width)]
    lines += wrapped(
        "" if is_matched else "Which command made which layer is not known: the history has another number of steps.",
        "unknown",
        context.width,
    )
    lines += [TextLine(), TextLine((Span(heads, "dim"),)), *islice(_rows(layers, below, context), MOST)]
    left = len(layers) - MOST
    return [*lines, *([remark(f"and {plural(left, 'more layer')}")] if left > 0 else [])]


def _rows(layers: Sequence[Layer], below: int | None, context: SectionContext) -> Iterator[TextLine]:
    for number, layer in enumerate(layers, 1):
        whose = "?" if below is None else "base" if number <= below else "own"
        role = "unknown" if below is None else "dim" if number <= below else ""
        lead = f" {number:>{NUMBER}}  {_sized(layer.size):>{SIZE}}  "
        command = fit(layer.command or "not known", max(8, context.width - len(lead) - WHOSE - 1))
        yield TextLine((Span(lead, "dim"), Span(f"{whose:<{WHOSE}}", role), Span(command, role if layer.command else "unknown")))


def _sized(octets: int | None) -> str:
    """Layers are often small: `312 B`, `4.1 kB`, `28 MB`."""
    if octets is None:
        return "?"
    return f"{octets} B" if octets < 1_000 else f"{octets / 1e3:.1f} kB" if octets < 1_000_000 else size(octets)


def _below(image: Image, snapshot: Snapshot, layers: int) -> int | None:
    """How many of the layers, from the first, are the base's; None where that is not known."""
    if image.base is None:
        return 0 if image.root else None
    return image.base.layers if 0 < image.base.layers <= layers else None


def _whose(image: Image, below: int | None, snapshot: Snapshot) -> str:
    if below is None:
        return "Which of them are its base's is not known."
    if image.base is None:
        return "It has no base: all of them are its own."
    node = snapshot.images.get(image.base.base) or snapshot.bases.get(image.base.base)
    name = image_name(node) if isinstance(node, Image) else node.label if node is not None else repository_name(image.base.base)
    return f"The first {'layer is that' if below == 1 else f'{count(below)} layers are those'} of {clean(name, 200)}."


LAYERS = TabSpec("layers", "Layers", _lines, inquiry=_inquiry)
