"""Text of others means nothing in Markdown: no link, no heading, no row; what is to be copied stays as it is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tui.domain.common.text import clean
from tui.domain.plans.commands import command_line
from tui.presenters.copying import for_shell
from tui.presenters.markdown import code, inert

PIECES = [*"`*_[]()<>#|~&@\\!:/.-+=$\"'; \n\r\t1.w\u202e\x1b^{}", "http://e.x/", "www.e.x", "<b>", "&lt;", "![a](http://e.x)"]
HOSTILE = st.lists(st.sampled_from([*PIECES, "\n\n# h", "$(id)", "x"]), max_size=12).map("".join)
PLAIN = {"inline", "text", "strong_open", "strong_close"} | {
    f"{block}_{end}" for block in ("heading", "paragraph", "bullet_list", "list_item") for end in ("open", "close")
}
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(nodes: Iterable[Token]) -> Iterator[Token]:
    for node in nodes:
        yield node
        yield from tokens(node.children or ())


@given(HOSTILE, HOSTILE)
def test_nothing_in_it_is_markdown(title: str, words: str) -> None:
    document = MARKDOWN.parse(f"## {inert(title)}: fail\n\n- **runs** {inert(words)}\n")
    assert {token.type for token in tokens(document)} <= PLAIN
    shown = "".join(token.content for token in next(token for token in document if token.type == "inline").children or ())
    assert shown.split() == f"{clean(title)}: fail".split()


@given(HOSTILE)
def test_no_address_becomes_a_link_by_itself(text: str) -> None:
    """GFM, "Autolinks (extension)": `www.`, `http://` and `https://` begin one."""
    assert re.search(r"https?://|ftp://|\bwww\.", inert(text), re.IGNORECASE) is None


@given(HOSTILE)
def test_what_is_in_ticks_stays_there(text: str) -> None:
    if not clean(text).strip():
        return
    (inline,) = (token for token in MARKDOWN.parse(f"- x {code(text)} y\n") if token.type == "inline")
    assert [token.type for token in inline.children or ()] == ["text", "code_inline", "text"]


@given(st.lists(HOSTILE, max_size=3))
def test_words_of_commands_stay_one_word_of_a_shell(words: list[str]) -> None:
    assert shlex.split(command_line(*words)) == [clean(word) for word in words]
    for word in words:
        assert shlex.split(for_shell(word)) == ([clean(word)] if for_shell(word) else [])


@pytest.mark.parametrize("address", ["https://e.example/x?a=b", "www.e.example", "HTTP://E.example"])
def test_an_address_is_still_read_as_it_is(address: str) -> None:
    (inline,) = (token for token in MARKDOWN.parse(inert(address)) if token.type == "inline")
    assert "".join(token.content for token in inline.children or ()) == address
