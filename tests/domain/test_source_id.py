"""Who a source is: the text that reports show is made of it, and nothing reads it back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.parsed import ROOT, SYNTAX, nodes
from tui.domain.common.source_id import SourceId, SourceKind, sources_text

TUI = ROOT / "tui"


@pytest.mark.parametrize(
    ("source", "text", "label"),
    [
        (SourceId(SourceKind.CLUSTER, "prod-weu"), "cluster/prod-weu", "prod-weu"),
        (SourceId(SourceKind.SCANNER, "trivy-operator/prod"), "scanner/trivy-operator/prod", "trivy-operator/prod"),
        (SourceId(SourceKind.SIGNATURES), "signatures", "signatures"),
        (SourceId(SourceKind.POLICY), "policy", "policy"),
        (SourceId(SourceKind.REGISTRY), "other registries", "other registries"),
    ],
)
def test_a_source_as_reports_write_it(source: SourceId, text: str, label: str) -> None:
    assert (str(source), f"{source}", source.label) == (text, text, label)
    assert sources_text((source, source)) == f"{text}, {text}"


def _texts(path: Path) -> set[str]:
    """The texts of a module that begin as a source is written."""
    tree = nodes(path)
    starts = tuple(f"{kind}/" for kind in SourceKind)
    documented = {
        id(node.body[0].value)
        for node in tree
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = (node for node in tree if isinstance(node, ast.Constant) and id(node) not in documented)
    return {text.value for text in texts if isinstance(text.value, str) and text.value.startswith(starts)}


@SYNTAX
def test_no_module_takes_the_text_of_a_source_for_the_source() -> None:
    modules = [path for path in TUI.rglob("*.py") if path.relative_to(TUI).parts[0] != "demo"]
    assert len(modules) > 200
    assert {path.name: texts for path in modules if (texts := _texts(path))} == {}
