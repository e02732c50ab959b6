"""The same by hand: commands of `az`, `gh`, `curl` and `kubectl`, quoted for a shell whatever the names are.

Flags as in `az acr task run --help`, `az pipelines run --help`, `gh workflow run --help`, `kubectl set image --help`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, urlsplit

from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind, Job, JobKey
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import ImageKey

__all__ = [
    "command_line",
    "kubectl",
    "lock",
    "mount",
    "pin",
    "pin_new",
    "registry_name",
    "resource_name",
    "restart",
    "run_job",
    "scale_back",
    "scale_to_zero",
    "unlock",
]

Parameters = Iterable[tuple[str, str]]
_RESOURCES = {
    "Deployment": "deployment",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
    "CronJob": "cronjob",
    "ReplicaSet": "replicaset",
    "ReplicationController": "replicationcontroller",
    "Rollout": "rollouts.argoproj.io",
}


def command_line(*words: str) -> str:
    """A command of these words, each quoted for a shell."""
    return " ".join(map(_word, words))


def _quoted(text: str) -> str:
    return shlex.quote(clean(text))


_word = lru_cache(maxsize=4096)(_quoted)
"""A word that is in many commands; what is in one command alone (`_quoted`) would only push others out."""


# ---- builders


def run_job(job: Job, parameters: Parameters = ()) -> tuple[str, ...]:
    """Start a job."""
    match job.key.kind:
        case BuilderKind.ACR_TASKS:
            return (_acr_task(job.key, parameters),)
        case BuilderKind.AZURE_PIPELINES:
            return (_pipeline(job, parameters),)
        case BuilderKind.GITHUB_ACTIONS:
            return (_workflow(job, parameters),)
        case BuilderKind.JENKINS:
            return (_jenkins(job, parameters),)


def _acr_task(key: JobKey, parameters: Parameters) -> str:
    """The job is a resource id: `/subscriptions/S/resourcegroups/G/providers/.../registries/R/tasks/T`."""
    path = key.job.strip("/").split("/")
    names = {name.lower(): value for name, value in zip(path[::2], path[1::2], strict=False)}
    registry = names.get("registries") or registry_name(key.builder)
    command = f"az acr task run --registry {_word(registry)} --name {_quoted(names.get('tasks') or key.job)}"
    place: list[str] = []
    if "resourcegroups" in names:
        place += ["--resource-group", names["resourcegroups"]]
    if "subscriptions" in names:
        place += ["--subscription", names["subscriptions"]]
    for name, value in parameters:
        place += ["--arg", f"{name}={value}"]
    return f"{command} {command_line(*place)}" if place else command


def _pipeline(job: Job, parameters: Parameters) -> str:
    project, _, number = job.key.job.rpartition("/")
    words = ["az", "pipelines", "run", "--id", number, "--project", project]
    if organization := _organization(job.url):
        words += ["--organization", organization]
    words += ["--branch", job.ref] if job.ref else []
    pairs = [f"{name}={value}" for name, value in parameters]
    return command_line(*words, *(["--parameters", *pairs] if pairs else []))


def _organization(url: str) -> str:
    address = urlsplit(url)
    if not address.hostname or address.scheme not in ("https", "http"):
        return ""
    first = address.path.strip("/").partition("/")[0] if address.hostname == "dev.azure.com" else ""
    return f"{address.scheme}://{address.netloc}" + (f"/{first}" if first else "")


def _workflow(job: Job, parameters: Parameters) -> str:
    repository, _, file = job.key.job.rpartition("/")
    host = urlsplit(job.url).hostname or ""
    place = repository if host in ("", "github.com", "api.github.com") else f"{host}/{repository}"
    inputs = [word for name, value in parameters for word in ("--raw-field", f"{name}={value}")]
    branch = ["--ref", job.ref] if job.ref else []
    return command_line("gh", "workflow", "run", file, "--repo", place, *branch, *inputs)


def _jenkins(job: Job, parameters: Parameters) -> str:
    path = "".join(f"/job/{quote(part, safe='')}" for part in job.key.job.split("/"))
    pairs = [word for name, value in parameters for word in ("--data-urlencode", f"{name}={value}")]
    end = "buildWithParameters" if pairs or job.parameters else "build"
    start = f'{command_line("curl", "--fail", "--request", "POST", "--user")} "$JENKINS_USER:$JENKINS_TOKEN"'
    address = urlsplit(job.url)
    if address.scheme in ("https", "http") and address.netloc:
        place = job.url.rstrip("/")
        return f"{start} {command_line(f'{place}/{end}', *pairs)}"
    return f'{start} "$JENKINS_URL"{command_line(f"{path}/{end}", *pairs)}'


# ---- clusters


def kubectl(workload: ObjectKey, *words: str) -> str:
    """A command of kubectl about a workload's namespace, in the context that the workload was read through."""
    return f"{_kubectl(workload)} {command_line(*words)}"


def _kubectl(workload: ObjectKey) -> str:
    return f"kubectl --context {_word(workload.cluster)} --namespace {_word(workload.namespace)}"


def resource_name(workload: ObjectKey) -> str:
    """What kubectl calls a workload: `deployment/api`."""
    return f"{_RESOURCES.get(workload.kind, workload.kind.lower())}/{workload.name}"


def restart(workload: ObjectKey) -> tuple[str, ...]:
    """Start the pods of a workload anew, and wait for them."""
    if workload.kind == "Rollout":
        patch = '--patch "{\\"spec\\":{\\"restartAt\\":\\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\"}}"'
        return (f"{kubectl(workload, 'patch', resource_name(workload), '--type', 'merge')} {patch}",)
    start, name = _kubectl(workload), _quoted(resource_name(workload))
    return f"{start} rollout restart {name}", f"{start} rollout status {name}"


def pin(workload: ObjectKey, containers: Iterable[str], image: str) -> tuple[str, ...]:
    """Put an image into containers of a workload."""
    pairs = command_line(*(f"{name}={image}" for name in containers))
    return (f"{_set_image(workload)} {pairs}",)


def _set_image(workload: ObjectKey) -> str:
    """`kubectl set image` does not know Rollouts, and a merge patch would put its list in place of all their containers.

    argo-rollouts.readthedocs.io, "kubectl argo rollouts set image"; flags of kubectl cannot stand before the name of a plugin.
    """
    if workload.kind != "Rollout":
        return f"{_kubectl(workload)} set image {_quoted(resource_name(workload))}"
    place = ("--context", workload.cluster, "--namespace", workload.namespace)
    return command_line("kubectl", "argo", "rollouts", "set", "image", *place, workload.name)


def mount(workload: ObjectKey, volume: str, image: str) -> tuple[str, ...]:
    """Put an image into an image volume: lists of volumes are merged by name, but not those of custom resources."""
    if workload.kind == "Rollout":
        return ()
    template = {"spec": {"volumes": [{"name": clean(volume), "image": {"reference": image}}]}}
    spec = {"jobTemplate": {"spec": {"template": template}}} if workload.kind == "CronJob" else {"template": template}
    return (kubectl(workload, "patch", resource_name(workload), "--patch", json.dumps({"spec": spec})),)


def pin_new(workload: ObjectKey, containers: Iterable[str], image: ImageKey, tag: str) -> tuple[str, ...]:
    """Put what a tag names then into containers: its digest is not known before it is built."""
    registry, repository = clean(image.registry), clean(image.repository)
    name = command_line("az", "acr", "repository", "show", "--name", registry_name(registry), "--image", f"{repository}:{tag}")
    ask = f"DIGEST=$({name} {command_line('--query', 'digest', '--output', 'tsv')})"
    pairs = " ".join(f'{shlex.quote(f"{clean(container)}={registry}/{repository}@")}"$DIGEST"' for container in containers)
    return ask, f"{_set_image(workload)} {pairs}"


def scale_to_zero(workload: ObjectKey) -> tuple[str, ...]:
    """Stop every pod of a workload; CronJobs and Jobs are suspended."""
    if workload.kind in ("CronJob", "Job"):
        return (kubectl(workload, "patch", resource_name(workload), "--patch", json.dumps({"spec": {"suspend": True}})),)
    return (kubectl(workload, "scale", resource_name(workload), "--replicas", "0"),)


def scale_back(workload: ObjectKey, pods: int) -> str:
    """Let it run again."""
    if workload.kind in ("CronJob", "Job"):
        return kubectl(workload, "patch", resource_name(workload), "--patch", json.dumps({"spec": {"suspend": False}}))
    return kubectl(workload, "scale", resource_name(workload), "--replicas", str(pods))


# ---- registries


def registry_name(host: str) -> str:
    """What `az acr` calls a registry: the first label of its host."""
    return host.partition(".")[0]


def lock(image: ImageKey, *, read: bool) -> tuple[str, ...]:
    """Keep an image from being changed; without `read` from being pulled too."""
    flags = ["--write-enabled", "false", "--delete-enabled", "false"] if read else ["--read-enabled", "false"]
    return (_attributes(image, flags),)


def unlock(image: ImageKey, *, read: bool) -> str:
    """Take that back."""
    return _attributes(image, ["--read-enabled", "true"] if read else ["--write-enabled", "true", "--delete-enabled", "true"])


def _attributes(image: ImageKey, flags: list[str]) -> str:
    place = f"{image.repository}@{image.digest}"
    return command_line("az", "acr", "repository", "update", "--name", registry_name(image.registry), "--image", place, *flags)
