"""Images that stand thousands deep: rows are made and laid out in proportion to what is shown, and no call goes as deep."""

from __future__ import annotations

from tests.domain.estates import ACR, NOW
from tests.snapshots import snapshot_of
from tui.domain.common.trust import State
from tui.domain.snapshot.snapshot import BaseLink, Basis, Confidence, Image, ImageKey
from tui.presenters.glyphs import UNICODE
from tui.presenters.views.building import MOST_UNFOLDED, build_view
from tui.presenters.views.spec import Filter
from tui.presenters.views.table import LINEAGE
from tui.ui.screens.laying import lay_out
from widgets.outline import Outline

DEPTH = 3_000
CHAIN = [ImageKey(ACR, f"chain/app-{number}", f"sha256:{number:064x}") for number in range(DEPTH)]
IMAGES = [
    Image(key, (key.digest,), base=BaseLink(base, Basis.LAYERS, Confidence.CERTAIN) if base else None, verdict=State.PASS)
    for key, base in zip(CHAIN, [None, *CHAIN], strict=False)
]
SNAPSHOT = snapshot_of(1, NOW, IMAGES)


def test_a_filter_unfolds_no_more_than_can_be_shown() -> None:
    built = build_view(LINEAGE, SNAPSHOT, Filter("chain"), NOW, UNICODE)
    assert built.matched == DEPTH
    assert len(built.unfold) == MOST_UNFOLDED
    rows = lay_out(built, None, "chain", 40).outline.rows
    assert [key[-1] for key in rows] == CHAIN[: len(rows)]


def test_the_deepest_image_is_shown_and_stays_open_with_the_next_rows() -> None:
    model = build_view(LINEAGE, SNAPSHOT, Filter(), NOW, UNICODE).model
    deepest = model.find((CHAIN[-1],))
    assert deepest == tuple(CHAIN)
    outline = Outline()
    outline.reconcile(model)
    assert outline.reveal(deepest)
    outline.reconcile(build_view(LINEAGE, SNAPSHOT, Filter(), NOW, UNICODE).model, keep_order=True)
    assert outline.cursor_key == deepest
    assert len(outline.rows) == DEPTH
