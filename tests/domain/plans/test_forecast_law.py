"""The forecast of many images is what each of them says by itself, added up: whatever is told once for rows that are shared."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.plans.kit import image, key, moved, row, world
from tui.domain.facts.scan import ImageVulnerability
from tui.domain.plans.forecast import forecast

BASE, NEW = key("base@1"), key("base@2")
ROWS = [
    msgspec.structs.replace(row(f"CVE-{name}", rebuild=rebuild, fixed=fixed, from_base=base), package=package)
    for name in "ab"
    for package in ("openssl", "curl")
    for rebuild in (True, False, None)
    for fixed in ("", "2")
    for base in (True, False)
]


def shown(rows: list[ImageVulnerability], *, cleared: bool) -> Counter[tuple[str, str, bool]]:
    """What one image alone has: finding, reason (empty: it goes), and whether that is known."""
    only = image(key("app@1"), "1", base=moved(BASE, NEW), rows=rows)
    of = forecast(world([only]), {only.key: only.key}, [only.key] if cleared else [])
    counts = Counter({(name, "", True): 1 for name in of.removed})
    counts.update({(each.finding, each.reason, True): each.images for each in of.staying})
    counts.update({(each.finding, each.reason, False): each.images for each in of.unknown})
    return counts


@given(st.lists(st.tuples(st.lists(st.sampled_from(ROWS), unique_by=id, max_size=5), st.booleans()), max_size=6))
def test_many_images_are_told_as_each_is_alone(estate: list[tuple[list[ImageVulnerability], bool]]) -> None:
    images = [image(key(f"app{number}@1"), "1", base=moved(BASE, NEW), rows=rows) for number, (rows, _) in enumerate(estate)]
    cleared = [made.key for made, (_, is_cleared) in zip(images, estate, strict=True) if is_cleared]
    whole = forecast(world(images), {made.key: made.key for made in images}, cleared)
    alone: Counter[tuple[str, str, bool]] = Counter()
    for rows, is_cleared in estate:
        alone.update(shown(rows, cleared=is_cleared))
    left = {finding for finding, reason, _ in alone if reason}
    assert set(whole.removed) == {finding for finding, reason, _ in alone if not reason} - left
    for known, told in ((True, whole.staying), (False, whole.unknown)):
        expected = {(finding, reason): n for (finding, reason, is_known), n in alone.items() if reason and is_known is known}
        assert {(each.finding, each.reason): each.images for each in told} == expected
