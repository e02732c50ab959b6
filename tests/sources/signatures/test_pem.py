"""PEM as Go reads it: what encoding/pem of Go 1.26 answered to each text is written beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.verification.pkix.pem import first_block, go_base64

WHOLE = b"-----BEGIN A-----\nQUJD\n-----END A-----\n"


@pytest.mark.parametrize(
    ("text", "block"),
    [
        (WHOLE, ("A", b"ABC", b"")),
        (WHOLE + WHOLE, ("A", b"ABC", WHOLE)),
        (b"text\n" + WHOLE + b"more", ("A", b"ABC", b"more")),
        (b" " + WHOLE, None),
        (b"\xef\xbb\xbf" + WHOLE, None),
        (b"-----BEGIN A-----\n" + WHOLE, ("A", b"ABC", b"")),
        (WHOLE.replace(b"END A", b"END B") + WHOLE, ("A", b"ABC", b"")),
        (WHOLE.replace(b"QUJD", b"QU!D") + WHOLE, ("A", b"ABC", b"")),
        (WHOLE.replace(b"QUJD", b"QUJ") + b"x", None),
        (WHOLE.replace(b"QUJD", b" QU JD\t\r\n"), ("A", b"ABC", b"")),
        (WHOLE.replace(b"QUJD", b"a: b\n\nQUJD"), ("A", b"ABC", b"")),
        (WHOLE.replace(b"QUJD\n", b"a: b\n"), None),
        (WHOLE.replace(b"QUJD\n", b""), ("A", b"", b"")),
        (WHOLE.replace(b"END A-----", b"END A-----x"), None),
        (WHOLE.replace(b"END A-----", b"END A-----  \t"), ("A", b"ABC", b"")),
        (WHOLE.replace(b"\n", b"\r\n"), ("A", b"ABC", b"")),
        (WHOLE.replace(b"\n", b"\r"), None),
        (WHOLE.rstrip(), ("A", b"ABC", b"")),
        (b"", None),
    ],
)
def test_blocks(text: bytes, block: tuple[str, bytes, bytes] | None) -> None:
    assert first_block(text) == block


@given(st.lists(st.sampled_from([b"-----BEGIN ", b"\n-----END ", b"A", b"-----", b"\n", b":", b"QUJD", b" ", WHOLE])))
def test_nothing_is_read_twice(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    for _ in range(len(text) + 1):
        block = first_block(text)
        if block is None:
            return
        assert len(block.rest) < len(text)
        text = block.rest
    raise AssertionError("it never ends")


@pytest.mark.parametrize("text", [b"QUJ", b"QUJD=", b"Q=JD", b"QU-D", b"QUJD QUJD"])
def test_base64_that_go_refuses(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        go_base64(text)
