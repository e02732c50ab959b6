"""What stays of names and references where there is too little room, without anything that measures for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

__all__ = ["DIGEST", "Kept", "Measure", "drawn", "kept", "marked"]

HEX = 12
"""How many digits of a digest stay at least."""
LEAST, PLACE = 4, 5
"""The fewest cells in which something is still told from something else, and in which a place is."""
Kept = tuple[int, int]
"""The first character of a piece that stays, and the one after its last."""
Measure = Callable[[str], int]
"""How many cells a text takes."""
DIGEST = re.compile(r"(?:sha\d+:)?\b[0-9a-f]{12,}\b")

_LONG = re.compile(r"[0-9a-f]{13,}")
_TAIL = re.compile(r"(?:@(?:sha\d+:)?[0-9a-f]+| \(sha\d+:[0-9a-f]+\)|:[\w.-]+)$")
_LEAD = re.compile(r"\s*(?:\S )?[\W_]*")
_PART = re.compile(r"\S+(?: \S+)*")


def drawn(text: str, ranges: Sequence[Kept], ellipsis: str) -> str:
    """What stays of a text, with an ellipsis in every gap."""
    return "".join(text[start:end] if start >= 0 else ellipsis for start, end in marked(text, ranges))


def marked(text: str, ranges: Sequence[Kept]) -> Iterator[Kept]:
    """The ranges that stay, and `(-1, n)` for a gap before the character at `n`."""
    end_of_last = 0
    for start, end in ranges:
        if start > end_of_last:
            yield -1, end_of_last
        if end > start:
            yield start, end
        end_of_last = end
    if end_of_last < len(text):
        yield -1, end_of_last


def kept(text: str, width: int, width_of: Measure, mark: int = 1) -> list[Kept]:
    """Which characters stay of a text that is too wide, when each gap takes `mark` cells.

    Of several things beside one another (two blanks between them) each keeps its share. Of a path its head and its name stay, and
    of a reference what comes after the name: a digest is never cut.
    """
    lead = _LEAD.match(text)
    if lead is not None and 0 < width_of(lead[0]) < width // 2:
        shift = lead.end()
        inside = kept(text[shift:], width - width_of(lead[0]), width_of, mark)
        return [(0, shift), *((start + shift, end + shift) for start, end in inside)]
    if width_of(text) <= width:
        return [(0, len(text))]
    parts = [(part.start(), part.end()) for part in _PART.finditer(text)]
    first, last = _whole_parts([text[start:end] for start, end in parts], width, width_of, mark)
    start, stop = parts[first][0] if first else 0, parts[last - 1][1] if last < len(parts) else len(text)
    return _kept_of_parts(
        text, (start, stop), parts[first:last], width - mark * ((start > 0) + (stop < len(text))), width_of, mark
    )


def _kept_of_parts(text: str, span: Kept, parts: Sequence[Kept], width: int, width_of: Measure, mark: int) -> list[Kept]:
    """Each part with its share of the room, and the blanks between them."""
    cursor, stop = span
    if width_of(text[cursor:stop]) <= width:
        return [span]
    room = width - (width_of(text[cursor:stop]) - sum(width_of(text[start:end]) for start, end in parts))
    if len(parts) < 2 or room < LEAST * len(parts):
        return _kept_of_reference(text, span, width, width_of, mark)
    ranges: list[Kept] = []
    for (start, end), share in zip(parts, _shares([text[start:end] for start, end in parts], room, width_of), strict=True):
        ranges.append((cursor, start))
        fits = width_of(text[start:end]) <= share
        ranges.extend([(start, end)] if fits else _kept_of_reference(text, (start, end), share, width_of, mark))
        cursor = end
    return [*ranges, (cursor, stop)]


def _whole_parts(parts: Sequence[str], width: int, width_of: Measure, mark: int) -> tuple[int, int]:
    """Which parts stay, so that names can be whole: places go that stand before the first name, or after it."""
    first_name = next((index for index, part in enumerate(parts) if "/" in part or _TAIL.search(part)), None)
    if first_name is None or len(parts) < 2:
        return 0, len(parts)
    first, last = 0, len(parts)
    while _need(parts[first:last], width_of, mark) + mark * ((first > 0) + (last < len(parts))) > width:
        if first < first_name:
            first += 1
        elif last > first_name + 1:
            last -= 1
        else:
            break
    return first, last


def _need(parts: Sequence[str], width_of: Measure, mark: int) -> int:
    """The fewest cells in which these are told from others: names are whole, places are not."""
    need = 2 * (len(parts) - 1)
    for part in parts:
        name = width_of(part[part.rfind("/") :]) + mark if "/" in part else width_of(part) if _TAIL.search(part) else PLACE
        need += min(width_of(part), name)
    return need


def _shares(parts: Sequence[str], room: int, width_of: Measure) -> list[int]:
    """How wide each part is, so that all fit: what leads to a name (`Deployment/`) gives first, then places, and last a name."""
    shares = [width_of(part) for part in parts]
    names = [width_of(part[part.rfind("/") :]) if "/" in part else width_of(part) if _TAIL.search(part) else 0 for part in parts]
    last = len(shares) - 1
    for _ in range(sum(shares) - room):
        leading = [index for index, name in enumerate(names) if name and shares[index] > name + 1]
        places = [index for index, name in enumerate(names) if not name and shares[index] > PLACE]
        giving = leading or places or [index for index, share in enumerate(shares) if share > LEAST] or [0]
        shares[max(giving, key=lambda index: shares[index] * (1 if index == last else 3))] -= 1
    return shares


def _kept_of_reference(text: str, part: Kept, width: int, width_of: Measure, mark: int) -> list[Kept]:
    """The host and the name of a reference, and what comes after the name."""
    start, end = part
    tail = _TAIL.search(text, start, end)
    if tail is None or tail.start() == start:
        return _kept_of_path(text, part, width, width_of, mark)
    stop, cells = end, width_of(tail[0])
    digits = _LONG.search(tail[0])
    if digits is not None and width - cells < LEAST:  # the whole one is copied, not read
        stop = tail.start() + digits.start() + HEX
        cells = width_of(text[tail.start() : stop]) + mark
    if width - cells < (1 if DIGEST.search(tail[0]) else LEAST + mark):
        return _kept_of_path(text, part, width, width_of, mark)
    room = width - cells
    fits = width_of(text[start : tail.start()]) <= room
    head = [(start, tail.start())] if fits else _kept_of_path(text, (start, tail.start()), room, width_of, mark)
    return [*head, (tail.start(), stop)]


def _kept_of_path(text: str, part: Kept, width: int, width_of: Measure, mark: int) -> list[Kept]:
    """`host/…/name` for a path, with as many of its last parts as fit; both ends of what is no path or still too wide."""
    start, end = part
    slashes = [index for index in range(start, end) if text[index] == "/"]
    for slash in slashes[1:]:
        if width_of(text[start : slashes[0] + 1]) + mark + width_of(text[slash:end]) <= width:
            return [(start, slashes[0] + 1), (slash, end)]
    room = width - mark
    head = room - width_of(text[slashes[-1] : end]) if slashes else -1
    if head >= 0:
        return [(start, start + len(head_of(text[start:end], head if head > 2 else 0, width_of))), (slashes[-1], end)]
    if room < LEAST:
        return [(start, start + len(head_of(text[start:end], max(0, room), width_of)))]
    last = len(head_of(text[start:end][::-1], room - room // 3, width_of))
    return [(start, start + len(head_of(text[start:end], room // 3, width_of))), (end - last, end)]


def head_of(text: str, room: int, width_of: Measure) -> str:
    """The beginning of a text in so many cells."""
    if text.isascii():
        return text[:room]
    end = len(text)
    while end and width_of(text[:end]) > room:
        end -= 1
    return text[:end]
