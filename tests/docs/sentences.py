"""Every sentence that the program can say, its arguments filled in: `python -m tests.docs.sentences` prints them on one page.

They are read from the code's own text: literals of at least three words outside of docstrings, logs and patterns. What stands in
braces is filled in by the name that it has in the code; a choice between two words gives both sentences.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import NamedTuple

from tests.parsed import ROOT, parsed
from tui.domain.common.text import plural

__all__ = ["Sentence", "sentences"]

ROOMS = ("tui", "widgets")
SILENT = ("tui/demo/",)
"""What says nothing to the operator."""
MOST_CHOICES = 8
LOGS = frozenset({"_log", "log", "logger", "logging"})
_WORD = re.compile(r"[A-Za-z]{2,}")
_PATTERN = re.compile(r"\\[dwsb(]|\(\?|\[\^|\{\d,")
_BRACES = re.compile(r"\{[^{}]*\}")

SAMPLES: Mapping[str, str] = {
    "host": "contoso.azurecr.io",
    "registry": "contoso.azurecr.io",
    "name": "payments/api",
    "title": "payments/api",
    "repository": "payments/api",
    "what": "payments/api:1.8",
    "base": "base/node:22",
    "target": "base/node:22",
    "tag": "1.8",
    "digest": "3f2a91c04d1e",
    "cluster": "prod-weu",
    "context": "prod-weu",
    "namespace": "payments",
    "who": "ops@contoso.example",
    "identity": "ops@contoso.example",
    "signer": "CN=release.contoso.example",
    "kind": "Deployment",
    "status": "403",
    "code": "403",
    "path": "/home/ops/policy.toml",
    "file": "/home/ops/policy.toml",
    "where": "/home/ops/.kube/config",
    "flag": "--context",
    "command": "report",
    "query": "base:debian",
    "number": "3",
    "total": "12",
    "count": "3",
    "plural": "3 images",
    "several": "3 images",
    "age": "3d",
    "size": "28 MB",
    "reason": "the token has ended",
    "error": "the connection is refused",
    "because": ": the token has ended",
    "message": ": denied",
    "remedy": "Ask for AcrPull.",
    "package": "openssl",
    "team": "payments",
    "job": "build-api",
    "builder": "ci",
    "image": "payments/api:1.8",
    "workload": "payments/Deployment/api",
    "container": "api",
    "pod": "api-7d9f-x2x4q",
    "policy": "production",
    "right": "AcrPull",
    "since": "2026-03-11 10:42",
    "wait": "5",
    "seconds": "5",
}


class Sentence(NamedTuple):
    """A sentence, and where it stands."""

    module: str
    line: int
    text: str


@cache
def sentences() -> tuple[Sentence, ...]:
    """All of them, in the order of the code; read once in a process, and not before they are asked for."""
    return tuple(_read())


def _read() -> Iterator[Sentence]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            module = path.relative_to(ROOT).as_posix()
            if not module.startswith(SILENT):
                yield from _of(module, parsed(path))


def _of(module: str, tree: ast.Module) -> Iterator[Sentence]:
    silent = {id(node) for node in _silent(tree)}
    for node in ast.walk(tree):
        if id(node) not in silent and (texts := dict.fromkeys(_texts(node))) and _is_said(next(iter(texts))):
            line = getattr(node, "lineno", 0)
            yield from (Sentence(module, line, " ".join(text.split(" ")).strip("\n")) for text in texts)


def _is_said(text: str) -> bool:
    return " " in text.strip() and len(_WORD.findall(_BRACES.sub("", text))) >= 3 and not _PATTERN.search(text)


def _silent(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, what is logged, and the parts of what is a sentence as a whole."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                yield node.value
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in LOGS:
                yield from ast.walk(node)
            case ast.JoinedStr():
                yield from (inner for inner in ast.walk(node) if inner is not node)


def _texts(node: ast.AST) -> Iterator[str]:
    """What a literal says; with every choice in it made."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr():
            parts = [list(_filled(part)) for part in node.values]
            for number, chosen in enumerate(product(*parts)):
                if number >= MOST_CHOICES:
                    return
                yield "".join(chosen)


def _filled(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as value):
            yield value
        case ast.FormattedValue(value=value):
            yield from _filled(value)
        case ast.JoinedStr():
            yield from _texts(node)
        case ast.IfExp(body=body, orelse=otherwise):
            yield from _filled(body)
            yield from _filled(otherwise)
        case ast.Call(func=ast.Name(id=("plural" | "several")), args=[_, ast.Constant(value=str() as noun), *_]):
            yield plural(3, noun)
            yield plural(1, noun)
        case _:
            yield _sample(node)


def _sample(node: ast.AST) -> str:
    """A value for what only its name tells of: the last name that is known, else the name itself in angle quotes."""
    names = [
        inner.id if isinstance(inner, ast.Name) else inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name | ast.Attribute)
    ]
    known = [name for name in names if name in SAMPLES]
    if known:
        return SAMPLES[known[-1] if isinstance(node, ast.Call) else known[0]]
    return f"‹{names[0] if names else 'value'}›"


if __name__ == "__main__":
    shown = ""
    for sentence in sentences():
        if sentence.module != shown:
            shown = sentence.module
            print(f"\n{shown}")
        print(f"  {sentence.line:4}  {sentence.text}")
