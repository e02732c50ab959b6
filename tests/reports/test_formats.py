"""Reports for tools: SARIF, JUnit, Prometheus, CycloneDX, CSV; and for people: Markdown and HTML. Valid, stable, and safe."""

from __future__ import annotations

import csv
import importlib.resources
import io
import json
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from referencing import Registry, Resource

from tests.domain import estates as e
from tests.laws import examples
from tests.reports.test_reports import HOSTILE, SNAPSHOTS, output
from tests.shapes.schemas import SARIF
from tui.domain.common.text import clean
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.scan import Exploitability, ImageVulnerability, Severity, Vex
from tui.domain.snapshot.snapshot import EMPTY, Image, Snapshot
from tui.reports import ReportScope, format_names

DEFENDER, TRIVY = SourceId(SourceKind.SCANNER, "defender"), SourceId(SourceKind.SCANNER, "trivy")
ROWS = (
    ImageVulnerability(
        "CVE-2030-1", Severity.CRITICAL, "openssl", "3.0.1", "3.0.2", 9.8, "Buffer overflow", "https://nvd.nist.gov/CVE-2030-1",
        (DEFENDER, TRIVY), from_base=True, base="contoso.azurecr.io/base/python:3.12",
    ),
    ImageVulnerability("CVE-2030-2", Severity.LOW, "bash", "5.2", from_base=False, sources=(TRIVY,)),
    ImageVulnerability("GHSA-1", Severity.UNKNOWN, "left-pad", url="javascript:alert(1)"),
    ImageVulnerability(
        "CVE-2030-3", Severity.HIGH, "zlib", vex=Vex("CVE-2030-3", Exploitability.NOT_AFFECTED, "contoso", "code not present"),
    ),
)  # fmt: skip
ACCEPTED = Check(
    CheckName.SCAN,
    State.WARN,
    "Accepted until then.",
    (SourceId(SourceKind.SCANNER, "trivy"),),
    rule="exception EX-1; x",
    accepted="EX-1",
)


def with_vulnerabilities(*more: Check) -> Image:
    """An image that several things are wrong with."""
    return msgspec.structs.replace(e.IMAGES[1], vulnerabilities=ROWS, checks=(*e.IMAGES[1].checks, *more))


SICK = e.estate((with_vulnerabilities(ACCEPTED), *e.IMAGES[:1], *e.IMAGES[2:]))
SNAPS = {"estate": e.estate(), "sick": SICK, "empty": EMPTY, "loading": e.estate(complete=False)}
each_snapshot = pytest.mark.parametrize("snapshot", list(SNAPS.values()), ids=list(SNAPS))


# ---- vulnerabilities in trustree/report/v1


def test_the_report_tells_the_vulnerabilities_that_count() -> None:
    api = next(each for each in json.loads(output("json", SICK))["images"] if each["digest"] == e.API.digest)
    assert [row["id"] for row in api["vulnerabilities"]] == ["CVE-2030-1", "CVE-2030-2", "GHSA-1"]
    assert api["vulnerabilities"][0] == {
        "id": "CVE-2030-1", "severity": "critical", "package": "openssl", "installed": "3.0.1", "fixed": "3.0.2",
        "from_base": True, "source": "scanner/defender, scanner/trivy",
    }  # fmt: skip
    assert (api["vulnerabilities"][1]["fixed"], api["vulnerabilities"][2]["from_base"]) == (None, None)


# ---- SARIF


@cache
def sarif_validator() -> jsonschema.Draft4Validator:
    """The schema of SARIF 2.1.0 as OASIS publishes it (sarif-schema-2.1.0, rtm.5), by its shape."""
    return jsonschema.Draft4Validator(json.loads(SARIF.read_text()), format_checker=jsonschema.FormatChecker())


def sarif(snapshot: Snapshot, query: str = "") -> dict[str, Any]:
    """The only run of a report."""
    found: dict[str, Any] = json.loads(output("sarif", snapshot, query))
    assert (found["version"], len(found["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = found["runs"][0]
    return run


@each_snapshot
def test_sarif_is_accepted_by_its_schema(snapshot: Snapshot) -> None:
    sarif_validator().validate(json.loads(output("sarif", snapshot)))


@each_snapshot
def test_what_sarif_refers_to_is_there(snapshot: Snapshot) -> None:
    run = sarif(snapshot)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        assert result.get("kind", "fail") == "fail" or result["level"] == "none"
        for location in result["locations"]:
            uri = location.get("physicalLocation", {}).get("artifactLocation", {}).get("uri", "a/b")
            assert ":" not in uri.partition("/")[0]
    if snapshot is not EMPTY:
        assert rules


def test_sarif_tells_what_is_wrong_unknown_and_accepted() -> None:
    results = sarif(SICK)["results"]
    by_rule = {(result["ruleId"], result["level"]): result for result in results}
    assert by_rule["trustree/age", "error"]["properties"]["state"] == "fail"
    unknown = by_rule["trustree/registry", "none"]
    assert (unknown["kind"], unknown["properties"]["state"]) == ("open", "unknown")
    assert by_rule["trustree/scan", "warning"]["suppressions"][0]["status"] == "accepted"
    assert by_rule["trustree/start", "error"]["message"]["text"] == "The repository does not exist."
    critical = by_rule["CVE-2030-1", "error"]
    assert critical["message"]["text"] == (
        "CVE-2030-1 (critical) in openssl 3.0.1: fixed in 3.0.2. It comes from the base contoso.azurecr.io/base/python:3.12."
    )
    assert by_rule["CVE-2030-3", "error"]["suppressions"][0]["justification"] == "not-affected by contoso"
    rules = {rule["id"]: rule for rule in sarif(SICK)["tool"]["driver"]["rules"]}
    assert rules["CVE-2030-1"]["properties"]["security-severity"] == "9.8"
    assert "helpUri" not in rules["GHSA-1"]


def test_fingerprints_stay_and_tell_findings_apart() -> None:
    results = sarif(SICK)["results"]
    prints = [result["partialFingerprints"]["artifact/v1"] for result in results]
    assert len(set(prints)) == len(prints)
    later = msgspec.structs.replace(with_vulnerabilities(ACCEPTED), created=e.NOW, pods=9, tags=("2",))
    again = sarif(e.estate((later,), ()))["results"]
    assert {each["partialFingerprints"]["artifact/v1"] for each in again} <= set(prints)
    rebuilt = msgspec.structs.replace(later, key=e.image_key("payments/api", "7"))
    built = sarif(e.estate((rebuilt,), ()))["results"]
    assert not {each["partialFingerprints"]["artifact/v1"] for each in built} & set(prints)
    assert {each["partialFingerprints"]["problem/v1"] for each in built} <= {
        each["partialFingerprints"]["problem/v1"] for each in results
    }


def test_sarif_says_which_source_failed() -> None:
    failed = SourceHealth(SourceId(SourceKind.CLUSTER, "c"), SourceState.FAILED, error="no route", remedy="Check the network.")
    (invocation,) = sarif(e.estate(sources=(failed,), complete=False))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"] == [
        {"message": {"text": "cluster/c is failed: no route. Check the network."}, "level": "error"}
    ]


# ---- CycloneDX


@cache
def cyclonedx_validator() -> jsonschema.Draft7Validator:
    """The schema of CycloneDX 1.6 as the reference library ships it (cyclonedx-python-lib)."""
    folder = importlib.resources.files("cyclonedx.schema") / "_res"
    names = ("bom-1.6", "spdx", "jsf-0.82", "cryptography-defs")
    texts = {name: folder / f"{name}.SNAPSHOT.schema.json" for name in names}
    schemas = {name: json.loads(text.read_text(encoding="utf-8")) for name, text in texts.items() if text.is_file()}
    known = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()]
    known += [
        (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", Resource.from_contents(s)) for name, s in schemas.items()
    ]
    return jsonschema.Draft7Validator(
        schemas["bom-1.6"], registry=Registry().with_resources(known), format_checker=jsonschema.FormatChecker()
    )


@each_snapshot
def test_cyclonedx_is_accepted_by_its_schema(snapshot: Snapshot) -> None:
    cyclonedx_validator().validate(json.loads(output("cyclonedx", snapshot)))


def test_cyclonedx_tells_what_is_affected_how_and_what_is_stated() -> None:
    bom = json.loads(output("cyclonedx", SICK))
    refs = {component["bom-ref"] for component in bom["components"]}
    assert len(refs) == len(bom["components"])
    assert all(affected["ref"] in refs for row in bom["vulnerabilities"] for affected in row["affects"])
    assert all({each["ref"], *each["dependsOn"]} <= refs for each in bom["dependencies"])
    rows = {row["id"]: row for row in bom["vulnerabilities"]}
    assert rows["CVE-2030-1"]["ratings"] == [{"severity": "critical", "score": 9.8, "method": "other"}]
    assert rows["CVE-2030-1"]["recommendation"] == "Update openssl to 3.0.2."
    assert rows["CVE-2030-3"]["analysis"] == {"state": "not_affected", "detail": "contoso: code not present"}
    api = next(each for each in bom["components"] if each["bom-ref"].endswith(e.API.digest))
    assert api["purl"] == f"pkg:oci/api@sha256%3A{'a' * 64}?repository_url=contoso.azurecr.io/payments/api"
    assert output("cyclonedx", SICK) == output("cyclonedx", SICK)


# ---- JUnit


@each_snapshot
def test_junit_counts_what_it_holds(snapshot: Snapshot) -> None:
    root = ET.fromstring(output("junit", snapshot))  # our own output, no outside XML
    for suites in (root, *root.findall("testsuite")):
        assert int(suites.attrib["tests"]) == len(list(suites.iter("testcase")))
        for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suites.attrib[name]) == len(list(suites.iter(element)))


def test_junit_tells_failures_from_what_is_unknown() -> None:
    root = ET.fromstring(output("junit", SICK))
    found = {(case.attrib["classname"].rpartition("/")[2], case.attrib["name"]): case for case in root.iter("testcase")}
    assert found[f"api@{e.OLD_API.digest}", "age"].find("failure") is not None
    assert found[f"ledger@{e.LEDGER.digest}", "registry"].find("error") is not None
    assert found[f"api@{e.API.digest}", "signature"].find("skipped") is not None
    assert found["typo", "web: start"].find("failure") is not None
    warned = found[f"proxy@{e.PROXY.digest}", "age"].find("system-out")
    assert warned is not None
    assert warned.text == "warning: Built 80 days ago."


# ---- Prometheus

SAMPLE = re.compile(r'trustree_[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? -?[0-9.e+]+')


@each_snapshot
def test_prometheus_is_text_exposition(snapshot: Snapshot) -> None:
    """https://prometheus.io/docs/instrumenting/exposition_formats/: HELP and TYPE once before the samples of a metric."""
    seen: list[str] = []
    for line in output("prometheus", snapshot).splitlines():
        if line.startswith("# TYPE "):
            seen.append(line.split()[2])
        elif not line.startswith("# HELP "):
            assert SAMPLE.fullmatch(line), line
            assert re.split(r"[{ ]", line, maxsplit=1)[0] == seen[-1]
    assert len(set(seen)) == len(seen)


def test_prometheus_counts_what_is_known() -> None:
    lines = output("prometheus", SICK).splitlines()
    assert 'trustree_images{verdict="fail"} 1' in lines
    assert 'trustree_vulnerabilities{severity="critical",fixable="true"} 1' in lines
    assert 'trustree_vulnerabilities{severity="high",fixable="false"} 0' in lines
    assert 'trustree_source_ok{source="registry/contoso.azurecr.io",kind="registry",state="partial"} 0' in lines
    assert "trustree_complete 1" in lines
    assert f"trustree_as_of_timestamp_seconds {int(e.NOW.timestamp())}" in lines


# ---- CSV, Markdown, HTML


@pytest.mark.parametrize("view", list(ReportScope))
@each_snapshot
def test_csv_has_rows_of_one_length(snapshot: Snapshot, view: ReportScope) -> None:
    rows = list(csv.reader(io.StringIO(output("csv", snapshot, view=view))))
    assert rows
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(text: str) -> None:
    image = msgspec.structs.replace(e.IMAGES[3], tags=(text,), checks=(e.check(CheckName.AGE, State.FAIL, text),))
    for view in (ReportScope.IMAGES, ReportScope.FINDINGS):
        rows = list(csv.reader(io.StringIO(output("csv", e.estate((image,), ()), view=view))))
        assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_csv_of_findings_names_rule_and_exception() -> None:
    rows = list(csv.DictReader(io.StringIO(output("csv", SICK, view=ReportScope.FINDINGS))))
    accepted = next(row for row in rows if row["accepted"])
    assert (accepted["state"], accepted["check"], accepted["rule"]) == ("warn", "scan", "exception EX-1; x")


@pytest.mark.parametrize("view", list(ReportScope))
def test_markdown_is_a_table_and_nothing_else(view: ReportScope) -> None:
    image = msgspec.structs.replace(e.IMAGES[3], tags=("a|b<script>[x](y)*_`@me`\n# h",))
    text = output("markdown", e.estate((image,), ()), view=view)
    table = text.partition("\n\n")[0].splitlines()
    columns = [len(re.findall(r"(?<!\\)\|", line)) for line in table]
    assert set(columns) == {columns[0]}
    assert "<script" not in text
    assert "\n#" not in text


@pytest.mark.parametrize("view", list(ReportScope))
def test_html_has_no_markup_but_ours(view: ReportScope) -> None:
    image = msgspec.structs.replace(e.IMAGES[3], tags=("<script>alert(1)</script>\"'&",))
    text = output("html", e.estate((image,), ()), view=view)
    assert "<script" not in text
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert len(re.findall(r"<td[ >]", text)) % len(re.findall(r"<th[ >]", text)) == 0


# ---- hostile text

TOOLS = tuple(name for name in format_names() if name not in ("table", "json", "jsonl", "name", "plain"))
"""Every format but those that other tests look at: a new one must bear the same."""


@examples(25)
@given(SNAPSHOTS)
def test_any_snapshot_is_written_whole_and_safely(snapshot: Snapshot) -> None:
    texts = {name: output(name, snapshot) for name in TOOLS}
    ET.fromstring(texts["junit"])
    cyclonedx_validator().validate(json.loads(texts["cyclonedx"]))
    json.loads(texts["sarif"])
    lines = (line for text in texts.values() for line in text.replace("\r\n", "\n").split("\n"))
    assert all(clean(line) == line for line in lines)


@pytest.mark.parametrize("name", TOOLS)
def test_hostile_names_do_no_harm(name: str) -> None:
    row = ImageVulnerability(
        HOSTILE,
        Severity.HIGH,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        None,
        HOSTILE,
        f"https://{HOSTILE}",
        (SourceId(SourceKind.SCANNER, HOSTILE),),
    )
    image = msgspec.structs.replace(e.IMAGES[3], tags=(HOSTILE, "]]>"), vulnerabilities=(row,), absent=HOSTILE)
    source = SourceHealth(SourceId(SourceKind.SCANNER, HOSTILE), SourceState.FAILED, e.NOW - timedelta(days=1), error=HOSTILE)
    text = output(name, e.estate((image,), (), (source,)))
    assert not {"\x1b", "\u202e", "\x07", "\u200b", "\x9b"} & set(text)
    if name == "sarif":
        json.loads(text)
        sarif_validator().validate(json.loads(text))
    if name == "cyclonedx":
        cyclonedx_validator().validate(json.loads(text))
