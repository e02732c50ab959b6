"""The shapes of recordings: exchanges with services, and what scanners and others write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from tests.shapes.shaping import Filling, Shaping

__all__ = ["RECORDINGS", "SHAPES", "document_of", "interactions_of", "run_log", "write_recordings"]

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"
SHAPES = Path(__file__).with_name("recordings")
RUN_LOG = Path("build-logs", "run-log.txt")
_DEPENDENCIES = "The following dependencies were found:"
BUILDERS = ("arm", "build-logs", "azure-devops", "github-actions", "jenkins")
FOLDERS = ("data-plane", "resource-graph", "scanners", "gatekeeper", "rbac", *BUILDERS)
UNREAD = (
    *("update_manifest_properties", "management_groups", "shared_query", "skip_token", "test_query.", "crd_"),
    *("test_acr_create", "test_acr_image", "test_acr_taskrun", "test_repository_token", "test_pipeline_create", "rate_limit"),
)
"""Recordings that no test reads."""
FIRST = {"password_auth_and_metadata_query": 6}
"""Exchanges of which only the first are read."""
_OF_TASKS = re.compile(r"/registries/\w+/(tasks|runs|scheduleRun)\b|/rawtext\.log\?")
_ACCOUNT = re.compile(r"(?<=dev\.azure\.com/)[^/]+")
WORDS = frozenset({"content-type", "link", "www-authenticate", "docker-distribution-api-version", "docker-content-digest"})
"""Headers whose values say what the client has to do; of others the name is the fact."""


def write_recordings(target: Path = SHAPES) -> None:
    """Make them anew."""
    for folder in FOLDERS:
        for path in sorted(RECORDINGS.joinpath(folder).rglob("*.*")):
            if not any(part in path.name for part in UNREAD):
                shape = _exchanges(path) if "interactions:" in path.read_text(encoding="utf-8") else _document(path)
                _write(target / path.relative_to(RECORDINGS).with_name(f"{path.name}.json"), _written(shape))
    _write(target / RUN_LOG, _run_log_shape())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _run_log_shape() -> str:
    """The end of a run's log, where it says what the image was built on."""
    interactions = _loaded(RECORDINGS / "build-logs" / "quick_build_dockerfile_with_logs.yaml")
    bodies = (str(each["response"]["body"].get("string", "")) for each in interactions)
    text = next(body for body in bodies if _DEPENDENCIES in body)
    lines = text[text.rindex("\n", 0, text.index(_DEPENDENCIES)) + 1 :].splitlines()
    return "\n".join(map(_log_line, lines)) + "\n"


def _log_line(line: str) -> str:
    line = re.sub(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "{moment}", line)
    line = re.sub(r"(registry|repository|tag): (\"?)[^\"]+(\"?)$", r"\1: \2{\1}\3", line)
    return re.sub(
        r"^Run ID: \w+ was (\w+) after .*", r"Run ID: {name} was \1 after {text}", re.sub(r"sha256:[0-9a-f]+", "{digest}", line)
    )


def run_log() -> str:
    """A log of that shape."""
    text = (
        (SHAPES / RUN_LOG).read_text(encoding="utf-8").replace("{moment}", "2026/03/14 09:26:53").replace("{registry}", "{host}")
    )
    return str(Filling().of(text.replace("{repository}", "{name}").replace("{tag}", "{name}")))


def _written(shape: Any) -> str:
    """One exchange or member a line, where they are short."""
    if isinstance(shape, list):
        return "[\n" + ",\n".join(json.dumps(each, ensure_ascii=False) for each in shape) + "\n]\n"
    return json.dumps(shape, indent=1, ensure_ascii=False) + "\n"


def _document(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    return Shaping(list(_texts(value)), ordered=False).of(value)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def _exchanges(path: Path) -> list[Any]:
    interactions = _read_by_tests(path)
    texts = [str(part) for each in interactions for part in (each["request"], each["response"])]
    rows = {row for each in interactions for row in _repositories(each["response"]["body"])}
    paths = [unquote(str(each["request"]["uri"]).partition("://")[2]) for each in interactions]
    kept = {part for each in paths for part in _parts(each) if ":" not in part}
    shaping = Shaping(texts, kept, rows)
    return [_exchange(each["request"], each["response"], shaping) for each in interactions]


def _loaded(path: Path) -> list[Any]:
    """Every exchange of a recording."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    interactions: list[Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)["interactions"]
    return interactions


def _read_by_tests(path: Path) -> list[Any]:
    """Those that tests read: of Azure, what tasks, runs and their logs are asked for; of a log, each form once."""
    interactions = _loaded(path)[: FIRST.get(path.stem)]
    if path.parent.name not in ("arm", "build-logs"):
        return interactions
    kept = [each for each in interactions if _OF_TASKS.search(each["request"]["uri"])]
    logs = {_log_form(each): each for each in reversed(kept) if "/rawtext.log" in each["request"]["uri"]}
    return [each for each in kept if "/rawtext.log" not in each["request"]["uri"] or each is logs[_log_form(each)]]


def _log_form(interaction: Mapping[str, Any]) -> object:
    response = interaction["response"]
    return interaction["request"]["method"], response["status"]["code"], frozenset(map(str.lower, response["headers"]))


def _repositories(body: Any) -> Iterator[str]:
    """The rows of a page of the catalog."""
    try:
        page = json.loads(body["string"])
    except (KeyError, TypeError, ValueError):
        return
    yield from page.get("repositories") or () if isinstance(page, dict) else ()


def _parts(address: str) -> Iterator[str]:
    """Names that an address holds: a repository, a tag, the mark of a page."""
    path, _, query = address.partition("?")
    yield from re.split(r"/acr/v1/|/_tags/?|/_manifests/?", path)
    yield from (value for _, _, value in (part.partition("=") for part in query.split("&")))


def _exchange(request: Mapping[str, Any], response: Mapping[str, Any], shaping: Shaping) -> dict[str, Any]:
    body = response["body"].get("string") if isinstance(response["body"], dict) else response["body"]
    headers = {str(name): value if isinstance(value, str) else ", ".join(value) for name, value in response["headers"].items()}
    return {
        "method": request["method"],
        "uri": _ACCOUNT.sub("{name}", shaping.marks(str(request["uri"]))),
        "sent": shaping.marks(str(request.get("body") or "")),
        "status": response["status"]["code"],
        "headers": {name: shaping.marks(text) for name, text in headers.items() if name.lower() in WORDS},
        "also": ", ".join(name for name in headers if name.lower() not in WORDS),
        "body": _body(body, shaping),
    }


def _body(body: Any, shaping: Shaping) -> Any:
    try:
        return {"json": shaping.of(json.loads(body))}
    except (TypeError, ValueError):
        return {"text": "{text}" if body else ""}


def document_of(name: str) -> bytes:
    """A document of the shape of a recording."""
    return json.dumps(Filling().of(_read(name))).encode()


def interactions_of(name: str) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Requests and answers of the shape of a recording, as a VCR file has them."""
    filling = Filling()
    return [_interaction(filling.of(each)) for each in _read(name)]


def _interaction(made: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    body = made["body"]
    text = json.dumps(body["json"]) if "json" in body else body["text"]
    request = {"method": made["method"], "uri": made["uri"], "body": made["sent"]}
    headers = made["headers"] | dict.fromkeys(filter(None, made["also"].split(", ")), "some text")
    return request, {"status": {"code": made["status"]}, "headers": headers, "body": {"string": text}}


def _read(name: str) -> Any:
    return json.loads((SHAPES / f"{name}.json").read_text(encoding="utf-8"))
