"""Shapes hold names, types and closed sets, and no content; values made of them have the same shape."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.shapes.recorded import RECORDINGS, SHAPES, write_recordings
from tests.shapes.schemas import SARIF, SCHEMA, sarif_shape
from tests.shapes.shaping import Filling, Shaping
from tests.shapes.signed import signature_shapes
from tests.sources.signatures.fixtures import HERE, SIGNATURES

FILES = sorted(path for path in SHAPES.rglob("*") if path.is_file())
CONTENT = re.compile(
    r"sha256:[0-9a-f]{64}|CVE-\d|\beyJ[\w-]{20}|\d{4}-\d\d-\d\dT\d\d:|@[a-z]+\.(com|org)|AccountKey|sig=[A-Za-z0-9%]{20}"
)


def test_there_are_shapes_of_every_kind() -> None:
    assert {path.relative_to(SHAPES).parts[0] for path in FILES} == {
        *("data-plane", "gatekeeper", "rbac", "resource-graph", "scanners"),
        *("arm", "azure-devops", "build-logs", "github-actions", "jenkins"),
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shape_holds_no_content(path: Path) -> None:
    assert not CONTENT.search(path.read_text())


def test_the_shape_of_a_value_of_a_shape_is_that_shape() -> None:
    shape = {
        "id": "{uuid}",
        "digest": "{digest}",
        "at": "{time}",
        "day": "{date}",
        "name": "{name}",
        "severity": "high",
        "score": "{float}",
        "size": "{int}",
        "total": 60,
        "rows": [{"*": 3, "each": {"cve": "{cve}", "url": "{url}", "open": True, "none": None}}],
        "words": "{text}",
        "/type": "/subscriptions/{uuid}/providers/Microsoft.X/registries/{name}",
    }
    assert Shaping(()).of(Filling().of(shape)) == shape


def test_what_is_numbered_is_the_same_in_a_path_and_in_a_list() -> None:
    digest = f"sha256:{'a' * 64}"
    row = [{"digest": digest}, {"digest": f"sha256:{'b' * 64}"}]
    shaping = Shaping([digest, f"/x?last={digest}"])
    made = Filling()
    shape = (shaping.marks(f"/x?last={digest}"), shaping.of(row))
    path, rows = made.of(shape[0]), made.of(shape[1])
    assert shape == ("/x?last={digest:1}", [{"digest": "{digest:1}"}, {"digest": "{digest}"}])
    assert path == f"/x?last={rows[0]['digest']}"
    assert rows[0] != rows[1]


def test_the_shapes_of_signatures_hold_none() -> None:
    assert not CONTENT.search(SIGNATURES.read_text().replace("CVE-2022-36056", "what a case is named after"))


if HERE:

    def test_the_shapes_are_those_of_the_signatures() -> None:
        assert signature_shapes() == SIGNATURES.read_text(), "`python -m tests.shapes` makes them"


if SCHEMA.exists():

    def test_the_shape_of_the_schema_of_sarif_is_that_of_the_schema() -> None:
        assert sarif_shape() == SARIF.read_text(), "`python -m tests.shapes` makes it"


if RECORDINGS.is_dir():

    def test_the_shapes_are_those_of_the_recordings(tmp_path: Path) -> None:
        write_recordings(tmp_path)
        made = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
        assert made == {path.relative_to(SHAPES): path.read_text() for path in FILES}, "`python -m tests.shapes` makes them"
        assert json.loads(made[Path("rbac/role_definitions_acr_aks_2025.json.json")])
