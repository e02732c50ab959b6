"""Writes and reads a cache of content until it is killed: `python -m tests.estate.content_writer DIRECTORY SEED`.

Prints a line when the first entries are on the disk.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

from tui.estate.content_faults import FileBusy
from tui.estate.content_file import ContentFile, Entry

__all__ = ["digest_of", "main"]

LIMIT = 2 << 20


def digest_of(content: bytes) -> str:
    """The digest of content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def main(directory: str, seed: str) -> None:
    """Write for ever: new entries, old ones again, so many that some must go; read some back."""
    file, chance = ContentFile(Path(directory), LIMIT), random.Random(seed)
    for turn in count():
        contents = [chance.randbytes(chance.randrange(1, 20_000)) for _ in range(10)]
        with suppress(FileBusy):  # the other writer is faster for a while
            file.put([Entry(digest_of(content), content, time.time()) for content in contents])
            for content in contents[:2]:
                file.get(digest_of(content))
        if turn == 0:
            print("writing", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
