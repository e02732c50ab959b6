"""Reports: the shape of the JSON, the look of the table, and hostile text in both."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tests.laws import examples
from tests.reports.schema import schema_text
from tui.domain.common.text import clean
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.query.query import EVERYTHING, parse_query
from tui.domain.snapshot.snapshot import EMPTY, BaseLink, Basis, Confidence, Image, ImageKey, Snapshot, Workload
from tui.errors import UsageError
from tui.reports import Document, ReportScope, TextStyle, format_names, render
from tui.reports.columns import Cell, Gives, Head, lines
from tui.reports.wire import SCHEMA_FILE

SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
HOSTILE = "a\x1b[31mb\u202ec\x07d\u200be[bold]\x9bf\nß漢"


def output(name: str, snapshot: Snapshot, query: str = "", view: ReportScope | None = None, look: TextStyle = TextStyle()) -> str:  # noqa: B008
    """A report as text."""
    from tui.reports import format_named

    selection = (parse_query(query) if query else EVERYTHING).images(snapshot, e.NOW)
    return b"".join(render(name, Document(snapshot, selection, view or format_named(name).view, look))).decode()


def test_the_shipped_schema_is_that_of_the_structs_and_is_closed() -> None:
    assert SCHEMA_FILE.read_text() == schema_text()
    descriptions = [part["description"] for part in SCHEMA["$defs"].values() if "description" in part]
    assert descriptions == list(map(inspect.cleandoc, descriptions)), "indented as only Python before 3.13 would"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert all(part.get("additionalProperties") is False for part in SCHEMA["$defs"].values() if part.get("type") == "object")


@pytest.mark.parametrize("view", list(ReportScope))
@pytest.mark.parametrize("snapshot", [e.estate(), EMPTY, e.estate(complete=False)], ids=["estate", "empty", "loading"])
def test_json_has_the_shape_of_the_schema(snapshot: Snapshot, view: ReportScope) -> None:
    VALIDATOR.validate(json.loads(output("json", snapshot, view=view)))


def test_json_says_what_product_md_names() -> None:
    found = json.loads(output("json", e.estate()))
    assert found["schema"] == "trustree/report/v1"
    assert found["summary"] == {
        "images": {"pass": 3, "warn": 1, "fail": 1, "unknown": 1},
        "workloads": {"pass": 1, "warn": 1, "fail": 1, "unknown": 2},
        "pods": 9,
        "undecided": 0,
        "undecided_workloads": 0,
    }
    api = next(image for image in found["images"] if image["digest"] == e.API.digest)
    assert api["platforms"] == ["linux/amd64", "linux/arm64/v8"]
    assert api["base"] | {"digest": ""} == {
        "registry": e.ACR, "repository": "base/python", "tag": "3.12", "digest": "", "basis": "layers", "confidence": "certain",
        "state": "current", "tag_told": False,
    }  # fmt: skip
    python = next(image for image in found["images"] if image["digest"] == e.PYTHON.digest)
    assert python["derived"] == [e.API.digest, e.OLD_API.digest]
    assert [image["verdict"] for image in found["images"]] == ["fail", "unknown", "warn", "pass", "pass", "pass"]
    web = next(item for item in found["workloads"] if item["name"] == "api")
    assert [container["type"] for container in web["containers"]] == ["container", "init"]
    assert web["managed_by"] == "Argo CD"
    assert found["workloads"][1]["managed_by"] is None


def test_a_source_that_is_still_loading_is_partial() -> None:
    loading = SourceHealth(SourceId(SourceKind.REGISTRY, "x"), SourceState.LOADING)
    found = json.loads(output("json", e.estate(sources=(loading,), complete=False)))
    assert found["sources"][0] == {
        "name": "registry/x", "kind": "registry", "state": "partial", "as_of": None, "objects": 0, "requests": 0,
        "error": "still loading, no answer yet",
    }  # fmt: skip
    assert found["complete"] is False


def test_a_query_narrows_the_report_and_its_counts() -> None:
    found = json.loads(output("json", e.estate(), "ns:kube-system"))
    assert [item["name"] for item in found["workloads"]] == ["dns"]
    assert found["summary"]["images"] == {"pass": 0, "warn": 1, "fail": 0, "unknown": 0}
    assert found["summary"]["pods"] == 2


STATES = st.sampled_from(list(State))
TEXT = st.text(max_size=20)
KEYS = st.builds(ImageKey, TEXT, TEXT, TEXT)
TIMES = st.none() | st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
LINKS = st.none() | st.builds(BaseLink, KEYS, st.sampled_from(list(Basis)), st.sampled_from(list(Confidence)), TEXT)
CHECKS = st.builds(e.check, st.sampled_from(list(CheckName)), STATES, TEXT, TEXT)
PICTURES = st.builds(
    Image, KEYS, st.tuples(TEXT), st.tuples(TEXT), size=st.none() | st.integers(0, 2**40), created=TIMES, pushed=TIMES,
    in_use=st.booleans(), pods=st.integers(0, 9), checks=st.tuples(CHECKS), verdict=STATES, base=LINKS,
)  # fmt: skip
CONTAINERS = st.builds(e.container, TEXT, TEXT, type=st.sampled_from(list(ContainerType)), trouble=TEXT)
NAMES = st.builds(ObjectKey, TEXT, TEXT, TEXT, TEXT)
THINGS = st.builds(Workload, NAMES, st.tuples(CONTAINERS), verdict=STATES, managed_by=TEXT, pods=st.integers(0, 9))
SNAPSHOTS = st.builds(
    e.estate,
    st.lists(PICTURES, max_size=4, unique_by=lambda image: image.key),
    st.lists(THINGS, max_size=2, unique_by=lambda workload: workload.key),
)


@examples(40)
@given(SNAPSHOTS)
def test_any_snapshot_validates_and_prints_nothing_that_a_terminal_obeys(snapshot: Snapshot) -> None:
    whole = output("json", snapshot)
    VALIDATOR.validate(json.loads(whole))
    texts = [whole, output("jsonl", snapshot)]
    texts += [output(name, snapshot, view=view) for view in ReportScope for name in ("table", "name")]
    assert all(clean(line) == line for text in texts for line in text.split("\n"))


def test_hostile_text_stays_data_in_json_and_is_cleaned_elsewhere() -> None:
    image = msgspec.structs.replace(e.IMAGES[3], tags=(HOSTILE,))
    snapshot = e.estate((image,), ())
    raw = output("json", snapshot)
    assert json.loads(raw)["images"][0]["tags"] == [HOSTILE]
    assert "\\u001b" in raw
    assert "\\u202e" in raw
    assert "漢" in raw
    table = output("table", snapshot)
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert "[bold]" in table


def test_json_lines_are_the_same_objects_one_to_a_line() -> None:
    whole = json.loads(output("json", e.estate()))
    lines = [json.loads(line) for line in output("jsonl", e.estate()).splitlines()]
    assert [line.pop("record") for line in lines] == ["report", *["source"] * 2, *["image"] * 6, *["workload"] * 5]
    assert lines[0] == {name: whole[name] for name in ("schema", "as_of", "complete", "summary")}
    assert lines[1:] == [*whole["sources"], *whole["images"], *whole["workloads"]]


TABLE = """\
VERDICT    IMAGE                                   DIGEST         AGE  PODS  WHY
✘ fail     contoso.azurecr.io/payments/api         999999999999  120d     1  120d old
? unknown  contoso.azurecr.io/payments/ledger:2.1  111111111111     -     2  not readable
▲ warn     contoso.azurecr.io/mesh/proxy:1.0       222222222222   24h     6  80d old
✔ pass     contoso.azurecr.io/payments/api:1.8.2   aaaaaaaaaaaa    3d     3
✔ pass     contoso.azurecr.io/base/python:3.12     bbbbbbbbbbbb   40d     0
✔ pass     contoso.azurecr.io/tools/spare:1        333333333333  200d     0

6 images: 1 fail, 1 unknown, 1 warn, 3 pass
5 workloads: 1 fail, 2 unknown, 1 warn, 1 pass; 9 pods
partial: registry/contoso.azurecr.io: payments/ledger is refused
as of 2026-03-01 12:00:00 UTC, complete
"""
WORKLOADS = """\
VERDICT    CLUSTER   NAMESPACE    WORKLOAD            PODS  IMAGES  DRIFT    WHY
x fail     prod-weu  payments     Deployment/api         4       3  mixed    120d old; 80d old
? unknown  prod-weu  payments     StatefulSet/ledger     2       1  unknown  not readable
? unknown  prod-neu  prod         Deployment/typo        1       0  unknown  The repository does not exist
! warn     prod-neu  kube-system  DaemonSet/dns          2       1  same     80d old
+ pass     prod-neu  batch        CronJob/nightly        0       0  same
"""
LINEAGE = """\
VERDICT    IMAGE                                      DIGEST        BASIS       BASE      PODS
? unknown  docker.io/library/debian:12-slim           dddddddddddd                           4
✔ pass       contoso.azurecr.io/base/python:3.12      bbbbbbbbbbbb  annotation  unknown      4
✘ fail         contoso.azurecr.io/payments/api        999999999999  layers      outdated     1
✔ pass         contoso.azurecr.io/payments/api:1.8.2  aaaaaaaaaaaa  layers      current      3
? unknown  contoso.azurecr.io/payments/ledger:2.1     111111111111                           2
▲ warn     contoso.azurecr.io/mesh/proxy:1.0          222222222222                           6
✔ pass     contoso.azurecr.io/tools/spare:1           333333333333                           0
"""
FINDINGS = """\
STATE      CHECK     WHAT                            IMAGES  WORKLOADS  PODS  FIX
✘ fail     start     The repository does not exist.       0          1     1
✘ fail     age       120d old                             1          1     1
? unknown  registry  not readable                         1          1     2
▲ warn     age       80d old                              1          2     6
"""
SOURCES = """\
STATE    SOURCE                       KIND      OBJECTS  REQUESTS  AGE  WHY
ok       cluster/prod-weu             cluster        40        12   0s
partial  registry/contoso.azurecr.io  registry        9        30   0s  payments/ledger is refused.
"""


def test_the_table_is_aligned_worst_first_with_the_reason() -> None:
    assert output("table", e.estate()) == TABLE


@pytest.mark.parametrize(
    ("view", "look", "text"),
    [
        (ReportScope.WORKLOADS, TextStyle(unicode=False), WORKLOADS),
        (ReportScope.LINEAGE, TextStyle(), LINEAGE),
        (ReportScope.FINDINGS, TextStyle(), FINDINGS),
        (ReportScope.SOURCES, TextStyle(), SOURCES),
    ],
)
def test_every_view_has_its_table(view: ReportScope, look: TextStyle, text: str) -> None:
    assert output("table", e.estate(), view=view, look=look).partition("\n\n")[0] + "\n" == text


def test_in_ascii_nothing_else_is_written() -> None:
    assert output("table", e.estate(), look=TextStyle(unicode=False)).isascii()


@pytest.mark.parametrize("view", [scope for scope in ReportScope if scope is not ReportScope.ALL])
@pytest.mark.parametrize("width", [60, 80, 100, 120, 240])
def test_a_table_fits_the_terminal_with_one_line_for_each_row(view: ReportScope, width: int) -> None:
    whole = output("table", e.estate(), view=view).partition("\n\n")[0].splitlines()
    lines = output("table", e.estate(), view=view, look=TextStyle(width=width)).partition("\n\n")[0].splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) == len(whole)


def test_names_are_whole_where_reasons_are_not() -> None:
    lines = output("table", e.estate(), look=TextStyle(width=80)).partition("\n\n")[0].splitlines()
    whole = output("table", e.estate(), view=ReportScope.IMAGES).partition("\n\n")[0].splitlines()
    assert [line.split()[2] for line in lines[1:]] == [line.split()[2] for line in whole[1:]]


def test_one_long_name_pads_no_other_row() -> None:
    rows = [(Cell(f"image-{number:02}"), Cell("why")) for number in range(40)]
    rows.append((Cell("a-name-that-is-very-much-longer-than-all-the-others"), Cell("why")))
    heads = (Head("IMAGE", gives=Gives.NAME), Head("WHY", gives=Gives.REASONS))
    table = list(lines(heads, rows, 0, colour=False, unicode=True))
    assert table[1] == "image-00  why"
    assert table[-1] == "a-name-that-is-very-much-longer-than-all-the-others  why"
    assert list(lines(heads, rows, 30, colour=False, unicode=True))[-1] == "a-name-t…n-all-the-others  why"


def test_reasons_that_do_not_fit_are_counted() -> None:
    heads = (Head("IMAGE", gives=Gives.NAME), Head("WHY", gives=Gives.REASONS))
    rows = [(Cell("contoso.azurecr.io/payments/worker:2.7.0"), Cell("3 critical; tag moved; base moved; gate warns"))]
    assert list(lines(heads, rows, 66, colour=False, unicode=True))[1] == (
        "contoso.azurecr.io/payments/worker:2.7.0  3 critical; tag moved +2"
    )


def test_only_a_terminal_gets_colours() -> None:
    assert "\x1b[31m✘ fail\x1b[0m " in output("table", e.estate(), look=TextStyle(colour=True))
    assert "\x1b" not in output("table", e.estate())


@pytest.mark.parametrize(
    ("view", "first", "count"),
    [
        (ReportScope.IMAGES, f"{e.ACR}/payments/api@{e.OLD_API.digest}", 6),
        (ReportScope.WORKLOADS, "prod-weu/payments/deployment/api", 5),
        (ReportScope.FINDINGS, f"{e.ACR}/payments/api@{e.OLD_API.digest}", 7),
        (ReportScope.SOURCES, "cluster/prod-weu", 2),
    ],
)
def test_names_are_one_to_a_line(view: ReportScope, first: str, count: int) -> None:
    lines = output("name", e.estate(), view=view).splitlines()
    assert (lines[0], len(lines)) == (first, count)


def test_formats_are_found_by_their_modules() -> None:
    assert {"json", "jsonl", "name", "table"} <= set(format_names())
    with pytest.raises(UsageError, match="no report format"):
        render("pdf", Document(EMPTY, EVERYTHING.images(EMPTY, e.NOW)))


def test_what_could_not_be_told_is_counted_in_the_table() -> None:
    for form in ("table", "markdown"):
        shown = output(form, e.estate(), "cve:CVE-2026-1")
        assert "6 images could not be determined" in shown
        assert "1 workload without a known image could not be determined" in shown
        assert "NOT COMPLETE" in shown


@pytest.mark.parametrize("text", ["cve:CVE-2026-1", "is:multiarch", "-is:multiarch", "is:running", "is:absent"])
def test_what_could_not_be_told_is_counted_and_keeps_the_report_from_being_complete(text: str) -> None:
    snapshot = e.estate()
    found, other = (json.loads(output("json", snapshot, each)) for each in (text, text[1:] if text[0] == "-" else f"-{text}"))
    VALIDATOR.validate(found)
    undecided = found["summary"]["undecided"]
    assert undecided == len(snapshot.images) - len(found["images"]) - len(other["images"])
    assert found["complete"] is (not undecided and not found["summary"]["undecided_workloads"])


def test_a_report_of_an_older_version_without_what_is_undecided_is_of_the_schema() -> None:
    found = json.loads(output("json", e.estate()))
    del found["summary"]["undecided"], found["summary"]["undecided_workloads"]
    VALIDATOR.validate(found)
