"""What lies behind a row: a workload or a pod as its cluster has it, an image's manifests and configurations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

from tui.domain.common.text import short
from tui.domain.facts.inquiries import Inquiries
from tui.domain.snapshot.snapshot import Image, Snapshot
from tui.errors import TrustreeError
from tui.presenters.copying import for_shell
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import image_of, of_one_image, remark, wrapped
from tui.presenters.tabs.object_yaml import object_inquiry, object_of
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext, TabSpec
from tui.presenters.words import plural
from widgets.rows import Span, TextLine
from widgets.text import chopped

__all__ = ["RAW"]

MOST_DOCUMENTS = 8
"""Manifests and configurations that are fetched of one image; an index may name any number."""
MOST_LINES, MOST_TEXT = 2_000, 128 << 10
"""Lines and bytes of one document that are shown."""
MOST_DEPTH = 20
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+|".*', re.DOTALL)


class Document(NamedTuple):
    """What lies in the registry under one digest: its body as lines, or why it could not be read."""

    what: str
    digest: str
    size: int
    lines: tuple[str, ...] = ()
    whole: bool = True
    error: TrustreeError | None = None


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    if object_of(subject) is not None:
        return []
    image = image_of(subject, context.snapshot)
    if image is None:
        if subject.image is None and subject.workload is None:
            return [remark("Nothing lies behind this row. Choose a workload, a pod or an image.")]
        return [remark("No image that could be read.")]
    return of_one_image(image, subject, context)


def _inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    key = object_of(subject)
    if key is not None:
        return object_inquiry(key)
    image = image_of(subject, snapshot)
    if image is None or image.absent or not image.key.digest:
        return None
    contents = f"{plural(len(image.digests) or 1, 'manifest')} and {plural(len(image.config_digests), 'configuration')}"
    return Inquiry((image.key, image.digests, image.config_digests), contents, partial(_read, image))


async def _read(image: Image, inquiries: Inquiries) -> Drawing:
    """The documents one after the other. Raises TrustreeError when not even the first can be read."""
    digests = [("manifest", digest) for digest in image.digests or (image.key.digest,)]
    digests += [("configuration", digest) for digest in image.config_digests]
    documents: list[Document] = []
    for kind, digest in digests[:MOST_DOCUMENTS]:
        ask = inquiries.manifest if kind == "manifest" else inquiries.configuration
        try:
            documents.append(_document(kind, digest, await ask(image.name, digest)))
        except TrustreeError as error:
            if not documents:
                raise
            documents.append(Document(kind, digest, 0, error=error.kept()))
    return partial(_drawn, str(image.name), documents, len(digests) - len(documents))


def _document(kind: str, digest: str, body: bytes) -> Document:
    """The beginning of a body as lines: JSON with a member on each, anything else as it is."""
    text = body[:MOST_TEXT].decode("utf-8", "replace")
    lines = tuple(islice(_laid_out(text) if text.lstrip().startswith(("{", "[")) else text.splitlines(), MOST_LINES + 1))
    complete = len(body) <= MOST_TEXT and len(lines) <= MOST_LINES
    return Document(kind, digest, len(body), lines[:MOST_LINES], complete)


def _laid_out(text: str) -> Iterator[str]:
    """JSON with a member on each line, in its own order and words: what it says twice is there twice. Never much longer."""
    line, depth, breaks = "", 0, False
    for token in _TOKEN.findall(text):
        closing = token in ("}", "]")
        depth = max(0, depth - closing)
        if not line.endswith(("{", "[")) if closing else breaks:
            yield line
            line = "  " * min(depth, MOST_DEPTH)
        line += f"{token} " if token == ":" else token
        breaks = token in ("{", "[", ",")
        depth += token in ("{", "[")
    yield line


def _drawn(name: str, documents: Sequence[Document], left: int, context: SectionContext) -> Sequence[TextLine]:
    lines = [line for document in documents for line in _drawn_document(name, document, context)]
    more = f"{plural(left, 'document')} more of this image are not read here." if left else ""
    return [*lines, *wrapped(more, "dim", context.width)]


def _drawn_document(name: str, document: Document, context: SectionContext) -> Iterator[TextLine]:
    size = f"{plural(document.size, 'byte')} " if document.error is None else ""
    yield TextLine(
        (Span(f" {document.what}", "bold"), Span(f"  {short(document.digest)}", "dim")),
        (Span(size, "dim"),),
    )
    if document.error is not None:
        yield from wrapped(document.error.headline, "unknown", context.width)
        yield from wrapped(document.error.remedy, "dim", context.width)
    for line in document.lines:
        yield from _folded(line, context.width)
    if not document.whole:
        yield from wrapped("This is its beginning; the rest is not shown here.", "unknown", context.width)
    verb = "manifest" if document.what == "manifest" else "blob"
    command = f"{context.glyphs.arrow}crane {verb} {for_shell(f'{name}@{document.digest}')}"
    yield from wrapped(command, "accent", context.width)
    yield TextLine()


def _folded(line: str, width: int) -> Iterator[TextLine]:
    """A line that is too long goes on below its own beginning, a little further in."""
    text = line.lstrip(" ")
    indent = min(len(line) - len(text), width // 3)
    lead = " " * (indent + 1)
    for piece in chopped(text, max(8, width - indent - 4)):
        yield TextLine((Span(lead + piece),))
        lead = " " * (indent + 3)


RAW = TabSpec("raw", "Raw", _lines, inquiry=_inquiry)
