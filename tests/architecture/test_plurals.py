"""Where a number meets a noun in a sentence, `plural` writes both: nobody is told of 1 namespaces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.parsed import ROOT, SYNTAX, nodes

NUMBER = re.compile(r"\b(?:len|count|sum)\(|\b(?:number|total|more|left|stated|listed|strange|broken|rows)\b")
"""What a value looks like that is a number of things; so does any value with a thousands separator."""
NOUNS = re.compile(r" (?:more |other |of )*(?!(?:is|was|has|runs|as|does|deletes|its|this|pass)\b)[a-z]+s\b")
ALWAYS_SEVERAL = {
    "tui/actions/board.py: len(rollouts) workloads": "of one it is told how it stands",
    "tui/domain/answers/undecided.py: len(unheard) clusters": "one is named",
    "tui/domain/checks/scan.py: len(names) scanners": "one or two are named",
    "tui/domain/query/saved.py: len(terms) terms": "a saved query of one can be negated",
    "tui/domain/workloads/containers.py: len(apart) images": "pods of one workload run several",
    "tui/presenters/answers/moves.py: len(move.before) others": "one is named by its digest",
    "tui/presenters/header.py: len(refused) rights": "one is named",
    "tui/presenters/tabs/layers.py: count(below) layers": "one has a sentence of its own",
    "tui/presenters/tabs/object_yaml.py: count(MOST_LINES) lines": "a limit",
    "tui/settings/policy_file.py: most tables": "a limit",
    "tui/sources/kit/entries.py: len(read) entries": "one has words of its own",
    "tui/sources/registry/parse.py: len(descriptors) parts": "more than a limit",
    "tui/sources/registry/survey.py: self._client.options.rest_limit manifests": "a limit",
    "tui/sources/scanners/findings.py: listed vulnerabilities": "more than a limit",
    "tui/sources/signatures/artifacts.py: len(layers) layers": "one is read",
    "tui/sources/signatures/artifacts.py: len(layers) signatures": "more than a limit",
    "tui/sources/signatures/artifacts.py: len(possible) artifacts": "more than a limit",
}
"""Where the number is never one."""


def several(node: ast.JoinedStr) -> Iterator[str]:
    """The numbers of an f-string that stand before a plural, with what follows."""
    for value, text in zip(node.values, node.values[1:], strict=False):
        if not isinstance(value, ast.FormattedValue) or not isinstance(text, ast.Constant):
            continue
        source = ast.unparse(value.value)
        separated = value.format_spec is not None and ast.unparse(value.format_spec) == "f','"
        noun = NOUNS.match(str(text.value))
        if noun and not source.isupper() and (separated or NUMBER.search(source)):
            yield f"{source}{noun[0]}"


@SYNTAX
def test_numbers_and_nouns_are_written_by_one_function() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {words}"
        for path in (ROOT / "tui").rglob("*.py")
        for node in nodes(path)
        if isinstance(node, ast.JoinedStr)
        for words in several(node)
    }
    assert found - set(ALWAYS_SEVERAL) == set()
    assert set(ALWAYS_SEVERAL) <= found, "an exception that is none any more"
