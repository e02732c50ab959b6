"""What addresses of build systems and of source repositories name, by their forms.

Sources: docs.github.com (runs, workflow files, `builder.id` of attestations: `.../.github/workflows/FILE@REF`); Azure DevOps'
`_build?definitionId=`, `_build/results?buildId=` and `_git/`, old hosts `ORG.visualstudio.com`, `vstfs:///Build/Build/ID`;
Jenkins' `/job/FOLDER/job/NAME/NUMBER/`; GitLab's `/-/`; SLSA's `git+` of SPDX download locations.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind

__all__ = ["JOB", "SYSTEM", "BuildPlace", "build_place", "source_repository", "workflow_job"]

LONGEST = 2048
"""Characters of an address that is looked at."""
SYSTEM = {
    BuilderKind.ACR_TASKS: "ACR Tasks",
    BuilderKind.AZURE_PIPELINES: "Azure Pipelines",
    BuilderKind.GITHUB_ACTIONS: "GitHub Actions",
    BuilderKind.JENKINS: "Jenkins",
}
JOB = {
    BuilderKind.ACR_TASKS: "ACR task",
    BuilderKind.AZURE_PIPELINES: "Azure pipeline",
    BuilderKind.GITHUB_ACTIONS: "GitHub workflow",
    BuilderKind.JENKINS: "Jenkins job",
}
"""What a job is called in each system."""
_OTHERS = (
    ("tekton.dev/", "Tekton Chains"),
    ("cloudbuild.googleapis.com/", "Google Cloud Build"),
    ("buildkite.com/", "Buildkite"),
    ("circleci.com/", "CircleCI"),
    ("konflux", "Konflux"),
)
_GITHUB_RUN = re.compile(r"/([^/]+/[^/]+)/actions/runs/(\d{1,20})(?:/.*)?", re.ASCII)
_GITHUB_FILE = re.compile(
    r"/([^/]+/[^/]+)/(?:(?:blob/[^/]+/)?\.github/workflows|actions/workflows)/([^/@]+\.ya?ml)(?:@.*)?", re.ASCII
)
_GITHUB_RUNNER = "github.com/actions/runner"
_AZURE_BUILD = re.compile(r"(?:/(?P<collection>.+))?/(?P<project>[^/]+)/_build(?:/(?:results|definition|index))?/?", re.ASCII)
_VSTFS = re.compile(r"vstfs:///Build/Build/(\d{1,20})", re.ASCII | re.IGNORECASE)
_JENKINS = re.compile(r"(?:/.*?)??((?:/job/[^/]+)+)(?:/(\d{1,20}))?/?(?:console(?:Text)?|display/redirect)?/?", re.ASCII)
_GITLAB = re.compile(r"/(.+)/-/(?:jobs|pipelines|runners)/(\d{1,20}).*", re.ASCII)
_OLD_HOST = re.compile(r"([a-z0-9-]+)\.visualstudio\.com", re.ASCII)
_SSH = re.compile(r"(?:[\w.-]+@)([\w.-]+):(?!//)(.+)", re.ASCII)


class BuildPlace(msgspec.Struct, frozen=True):
    """What an address of a build system names; the members are those of `BuildClaim`."""

    kind: BuilderKind | None
    system: str
    host: str = ""
    job: str = ""
    run: str = ""
    repository: str = ""


def build_place(text: str) -> BuildPlace | None:
    """The job, the run or the system that an address names; None for one that has none of the known forms."""
    address = text.strip()[:LONGEST]
    if match := _VSTFS.fullmatch(address):
        return _of(BuilderKind.AZURE_PIPELINES, run=match[1])
    split = _split(address)
    if split is None:
        return None
    return _github(split) or _azure(split) or _jenkins(split) or _gitlab(split) or _other(address)


def workflow_job(repository: str, path: str) -> str:
    """`OWNER/REPOSITORY/FILE` of a workflow, of its repository and the path of its file; empty where they are none."""
    owner_and_name = "/".join(repository.split("/")[1:])
    file = path.rpartition("/")[2]
    is_workflow = path.lstrip("/").startswith(".github/workflows/") and file.endswith((".yml", ".yaml"))
    return f"{owner_and_name}/{file}" if is_workflow and owner_and_name.count("/") == 1 else ""


@lru_cache(maxsize=4096)
def source_repository(text: str) -> str:
    """A repository of sources as `HOST/PATH`, however it is written; empty for what is none."""
    address = text.strip()[:LONGEST].removeprefix("git+")
    if match := _SSH.fullmatch(address):
        address = f"ssh://{match[1]}/{match[2]}"
    split = _split(address, ("http", "https", "ssh", "git"))
    if split is None:
        return ""
    path = re.split(r"@refs/|/-/|/(?:tree|blob|commit|commits|releases)/", unquote(split.path), maxsplit=1)[0]
    path = path.partition("@")[0].strip("/").removesuffix(".git")
    host, path = _modern(split.hostname or "", path)
    path = path.strip("/")
    return clean(f"{host}/{path}", 300) if path and not re.search(r"\s", path) else ""


def _modern(host: str, path: str) -> tuple[str, str]:
    """Azure DevOps' addresses of today for its old ones and those for ssh."""
    if match := _OLD_HOST.fullmatch(host):
        return "dev.azure.com", f"{match[1]}/{path.removeprefix('DefaultCollection').lstrip('/')}"
    if host in ("ssh.dev.azure.com", "vs-ssh.visualstudio.com") and path.startswith("v3/"):
        organisation, _, repository = path.removeprefix("v3/").partition("/")
        project, _, name = repository.partition("/")
        return "dev.azure.com", f"{organisation}/{project}/_git/{name}"
    return host, path


def _split(address: str, schemes: tuple[str, ...] = ("http", "https")) -> SplitResult | None:
    try:
        split = urlsplit(address)
        return split if split.scheme.lower() in schemes and split.hostname else None
    except ValueError:
        return None


def _of(kind: BuilderKind, **more: str) -> BuildPlace:
    return BuildPlace(kind, SYSTEM[kind], **{name: clean(value, 300) for name, value in more.items()})


def _github(split: SplitResult) -> BuildPlace | None:
    host = split.hostname or ""
    if match := _GITHUB_RUN.fullmatch(split.path):
        return _of(BuilderKind.GITHUB_ACTIONS, host=host, run=match[2], repository=f"{host}/{match[1]}")
    if match := _GITHUB_FILE.fullmatch(split.path):
        job = f"{match[1]}/{match[2]}"
        return _of(BuilderKind.GITHUB_ACTIONS, host=host, job=job, repository=f"{host}/{match[1]}")
    if f"{host}{split.path}".startswith(_GITHUB_RUNNER):
        return _of(BuilderKind.GITHUB_ACTIONS)
    return None


def _azure(split: SplitResult) -> BuildPlace | None:
    match = _AZURE_BUILD.fullmatch(split.path)
    if match is None:
        return None
    query = {name.lower(): values[0] for name, values in parse_qs(split.query).items()}
    definition, build = query.get("definitionid", ""), query.get("buildid", "")
    host, collection = _modern(split.hostname or "", match["collection"] or "")
    place = f"{host}/{collection}".strip("/")
    job = f"{unquote(match['project'])}/{definition}" if definition.isdigit() else ""
    return _of(BuilderKind.AZURE_PIPELINES, host=place, job=job, run=build if build.isdigit() else "")


def _jenkins(split: SplitResult) -> BuildPlace | None:
    match = _JENKINS.fullmatch(split.path)
    if match is None:
        return None
    job = "/".join(unquote(part) for part in match[1].split("/job/")[1:])
    return _of(BuilderKind.JENKINS, host=split.hostname or "", job=job, run=match[2] or "")


def _gitlab(split: SplitResult) -> BuildPlace | None:
    match = _GITLAB.fullmatch(split.path)
    if match is None:
        return None
    host = split.hostname or ""
    return BuildPlace(None, "GitLab CI", host, "", match[2], clean(f"{host}/{match[1]}", 300))


def _other(address: str) -> BuildPlace | None:
    system = next((name for part, name in _OTHERS if part in address.lower()), "")
    return BuildPlace(None, system) if system else None
