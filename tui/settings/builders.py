"""Builders in the settings: where they are, who signs in, and which of their jobs builds which images."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import msgspec

from tui.settings.declared import Form, Setting

__all__ = ["BuilderSettings", "CiKind", "JobSettings", "job_fault", "whole_job"]

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*)", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9._-]+\.ya?ml", re.ASCII)


class CiKind(StrEnum):
    """Which system it is. ACR Tasks need no table: they are found with their registries."""

    AZURE_PIPELINES = "azure-pipelines"
    GITHUB_ACTIONS = "github-actions"
    JENKINS = "jenkins"


class JobSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`"pattern" = "job"`, or `{job = "...", ref = "...", parameters = {...}}`: what builds the images of a pattern."""

    job: Annotated[str, Setting("its name at the builder")]
    ref: Annotated[str, Setting("the branch that it builds; the usual one, if none is named")] = ""
    parameters: Annotated[dict[str, str], Setting("the parameters that it is started with")] = {}


class BuilderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[builder.NAME]`: a system that builds images.

    `url` is the organisation of Azure DevOps, the API of GitHub or the host of a GitHub Enterprise Server, the root of Jenkins.
    Jobs are named `PROJECT/ID`, `OWNER/REPOSITORY/FILE`, `folder/job`; with `project` the first part may be left out.
    """

    kind: Annotated[CiKind, Setting("the kind of system, unless its name says so", written=CiKind | None)]
    url: Annotated[str, Setting("https://dev.azure.com/ORGANISATION, a GitHub Enterprise Server, or the root of Jenkins")] = ""
    project: Annotated[str, Setting("the project of Azure DevOps, or OWNER/REPOSITORY, of jobs that are named without one")] = ""
    ca_file: Annotated[str, Setting("the CA certificates that it is verified with", Form.PATH)] = ""
    username: Annotated[str, Setting("the user name; not needed for tokens of Azure DevOps and GitHub")] = ""
    password_env: Annotated[str, Setting("the variable that holds the password (Jenkins)")] = ""
    token_env: Annotated[str, Setting("the variable that holds the token")] = ""
    token_command: Annotated[tuple[str, ...], Setting("a program, with its arguments, that prints the token")] = ()
    images: Annotated[dict[str, JobSettings], Setting("which job builds the images of a pattern", written=dict[str, object])] = {}
    enabled: Annotated[bool, Setting("false: not read")] = True
    write: Annotated[bool, Setting("whether its jobs may be run")] = False
    refresh: Annotated[float | None, Setting("between looks", Form.DURATION)] = None


def whole_job(kind: CiKind, project: str, job: str, ref: str = "") -> str:
    """The job with its project, where that was left out; of a branch in Jenkins, where each is a job of its own, that job."""
    if kind is CiKind.JENKINS:
        # A branch's job bears its name with the slashes written so (jenkinsci/branch-api-plugin, NameEncoder).
        return "/".join(part for part in (job.strip("/"), ref.replace("/", "%2F")) if part)
    return f"{project.strip('/')}/{job}" if project and "/" not in job else job.strip("/")


def job_fault(kind: CiKind, job: str) -> str:
    """How a job is to be written instead, empty when it can be one."""
    parts = job.split("/")
    match kind:
        case CiKind.AZURE_PIPELINES:
            fine = len(parts) == 2 and bool(parts[0].strip()) and _NUMBER.fullmatch(parts[1]) is not None
            return "" if fine else "Write PROJECT/ID: the number stands in the pipeline's address as definitionId."
        case CiKind.GITHUB_ACTIONS:
            fine = len(parts) == 3 and all(map(_OWNER.fullmatch, parts[:2])) and _FILE.fullmatch(parts[2]) is not None
            return "" if fine else "Write OWNER/REPOSITORY/FILE: the file in .github/workflows, such as build.yml."
        case CiKind.JENKINS:
            fine = all(part.strip() and part not in (".", "..") for part in parts)
            return "" if fine else "Write folder/job, as in its address without the /job/ between."
