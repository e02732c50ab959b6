"""Manifests and configurations as they lie in the registry: laid out, bounded, and harmless whatever is in them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estates import NOW, AskNoCluster, company
from tui.domain.facts.build import Run
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.errors import Forbidden, NotFound, TrustreeError
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.raw import MOST_DOCUMENTS, MOST_LINES, RAW, _laid_out
from tui.presenters.tabs.spec import Inquiry, SectionContext
from widgets.rows import TextLine
from widgets.text import width_of

INDEX, CONFIG = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


class Bodies(AskNoCluster):
    """Answers with bodies by digest; what has none is refused."""

    def __init__(self, bodies: Mapping[str, bytes | TrustreeError]) -> None:
        self.bodies = bodies
        self.asked: list[str] = []

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """A body."""
        self.asked.append(digest)
        body = self.bodies.get(digest, NotFound("It is not there.", "Push it."))
        if isinstance(body, TrustreeError):
            raise body
        return body

    configuration = manifest

    async def run_log(self, run: Run, most: int) -> Sequence[str]:
        """Nobody asks for one here."""
        raise AssertionError


def estate(**changes: object) -> tuple[Snapshot, RowSubject]:
    """An estate with one image of these digests."""
    snapshot = company()
    key = next(key for key in snapshot.images if key.repository == "payments-api")
    image = msgspec.structs.replace(snapshot.images[key], **{"digests": (INDEX,), "config_digests": (CONFIG,), **changes})
    return snapshot_with(snapshot, key, image), RowSubject(image=key)


def snapshot_with(snapshot: Snapshot, key: ImageKey, image: object) -> Snapshot:
    """The same with another image."""
    return dataclasses.replace(snapshot, images={**snapshot.images, key: image})  # type: ignore[dict-item]


def inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry:
    """What the tab asks."""
    assert RAW.inquiry is not None
    made = RAW.inquiry(subject, snapshot)
    assert made is not None
    return made


async def drawn(bodies: Mapping[str, bytes | TrustreeError], width: int = 80, **changes: object) -> Sequence[TextLine]:
    """The lines of the tab."""
    snapshot, subject = estate(**changes)
    drawing = await inquiry(subject, snapshot).ask(Bodies(bodies))
    return drawing(SectionContext(snapshot, NOW, UNICODE, width))


def said(lines: Sequence[TextLine]) -> str:
    """What they say."""
    return "\n".join("".join(span.text for span in line.left) for line in lines)


async def test_a_manifest_and_its_configuration_are_laid_out_with_the_commands_that_show_the_same() -> None:
    text = said(await drawn({INDEX: b'{"schemaVersion":2,"layers":[],"config":{"size":7}}', CONFIG: b'{"os":"linux"}'}))
    assert f" manifest  {INDEX[:19]}\n" in text
    assert ' {\n   "schemaVersion": 2,\n   "layers": [],\n   "config": {\n     "size": 7\n   }\n }' in text
    assert f"crane manifest contoso.azurecr.io/payments-api@{INDEX}".split()[0] in text
    assert "crane blob" in text
    assert '"os": "linux"' in text


async def test_a_long_line_goes_on_below_its_beginning() -> None:
    text = said(await drawn({INDEX: b'{"a":{"b":"' + b"x" * 60 + b'"}}', CONFIG: b"{}"}, 40))
    assert f'\n     "b": "{"x" * 26}\n       {"x" * 32}\n       xx"\n   }}' in text


async def test_what_cannot_be_read_is_said_in_its_place() -> None:
    text = said(await drawn({INDEX: b"{}", CONFIG: Forbidden("No right to read it.", "Ask for AcrPull.")}))
    assert "No right to read it." in text
    assert "Ask for AcrPull." in text
    with pytest.raises(NotFound):
        await drawn({CONFIG: b"{}"})


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b"[" * 900 + b"0," * 2_000_000,
        b"{" * 100_000 + b"}" * 100_000,
        b'{"a":"' + b"x" * 3_000_000,
        b'"' * 300_000,
        b'{"\\' * 100_000,
        b"\xff\xfe\x00" * 100_000,
        b"\n" * 500_000,
        b"] } ,,, :" * 50_000,
        "{\"a\": \"\x1b[31m\u202e\u200b\ud55c\uae00\"}".encode(),
        b"",
    ],
)  # fmt: skip
@pytest.mark.parametrize("width", [20, 80])
async def test_a_hostile_body_is_bounded_and_fits(body: bytes, width: int) -> None:
    lines = await drawn({INDEX: body, CONFIG: b"{}"}, width)
    assert len(lines) < MOST_LINES * 5
    assert sum(len(span.text) for line in lines for span in line.left) < 600_000
    assert all(sum(width_of(span.text) for span in line.left) <= width or "sha256" in said([line]) for line in lines)
    assert "\x1b" not in said(lines)
    assert "\u202e" not in said(lines)
    assert (len(body) < 100_000) == ("This is its beginning" not in " ".join(said(lines).split()))


async def test_an_index_of_many_platforms_is_read_in_part_and_says_so() -> None:
    digests = tuple(f"sha256:{at:064}" for at in range(30))
    text = said(await drawn(dict.fromkeys((*digests, CONFIG), b"{}"), digests=digests))
    assert text.count(" manifest  sha256:") == MOST_DOCUMENTS
    assert "23 documents more of this image are not read here." in text


def test_what_no_registry_lets_us_read_is_not_asked_for() -> None:
    snapshot, subject = estate(absent="no registry that may be read has it")
    assert RAW.inquiry is not None
    assert RAW.inquiry(subject, snapshot) is None
    assert "no registry that may be read" in said(RAW.lines(subject, SectionContext(snapshot, NOW, UNICODE, 80)))
    assert RAW.inquiry(RowSubject(), snapshot) is None


def test_the_answer_is_kept_while_the_image_has_the_same_digests() -> None:
    snapshot, subject = estate()
    other, _ = estate(pods=77, in_use=False)
    moved, _ = estate(config_digests=(INDEX,))
    assert inquiry(subject, snapshot).about == inquiry(subject, other).about != inquiry(subject, moved).about


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.lists(JSON, max_size=4))
def test_what_is_laid_out_is_still_the_same_document(value: object) -> None:
    assert json.loads("".join(_laid_out(json.dumps(value)))) == value
