"""The requests that specifications allow, written from these and not from what the program does: one table for each server.

A row has method, path, the names in the query, who may be signed in and for which audience, the type and the members of a body,
and the headers that are not those of every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["FORM", "JSON", "PATCHES", "REGISTRIES", "TABLES", "Allowed"]

MANAGEMENT = "https://management.azure.com"
DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
REGISTRIES = "https://containerregistry.azure.net"
ACR = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.ContainerRegistry/registries/[A-Za-z0-9]{5,50}"
AKS = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.ContainerService/managedClusters/[^/]+"
NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
DIGEST = r"sha256:[0-9a-f]{64}"
REFERENCE = rf"(?:{DIGEST}|[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})"
OBJECT = r"(?:/api/v1|/apis/[a-z0-9.-]+/v[0-9a-z]+)(?:/namespaces/[a-z0-9.-]+)?"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class Allowed(NamedTuple):
    """A request that a specification has: `source` names it.

    `query` and `body` are names with a space between, `?` behind one that may be missing, `=` before what its value must be.
    `signed` says who: an audience, `Basic`, `Bearer`, `nobody`, or several with `|` between.
    """

    source: str
    method: str
    path: str
    query: str = ""
    signed: str = "nobody"
    body: str = ""
    kind: str = JSON
    accept: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


def _arm(source: str, method: str, path: str, version: str, query: str = "", body: str = "") -> Allowed:
    return Allowed(source, method, path, f"api-version={version} {query}", MANAGEMENT, body, accept=(JSON,))


TASKS = "2025-03-01-preview"
_GRAPH = _arm(
    *("Resource Graph 2021-03-01 Resources", "POST", r"/providers/Microsoft\.ResourceGraph/resources", "2021-03-01"),
    body="query options? subscriptions?",
)
_ARM = (
    _GRAPH,
    _arm("containerregistry 2025-11-01 Registries_Get", "GET", ACR, "2025-11-01"),
    _arm("RegistryTasks Tasks_List", "GET", rf"{ACR}/tasks", TASKS, "$skiptoken?"),
    _arm("RegistryTasks Tasks_Get", "GET", rf"{ACR}/tasks/[A-Za-z0-9_-]{{5,50}}", TASKS),
    _arm("RegistryTasks Runs_List", "GET", rf"{ACR}/runs", TASKS, "$filter? $top? $skiptoken?"),
    _arm("RegistryTasks Runs_Get", "GET", rf"{ACR}/runs/[a-z0-9]+", TASKS),
    _arm("RegistryTasks Runs_GetLogSasUrl", "POST", rf"{ACR}/runs/[a-z0-9]+/listLogSasUrl", TASKS),
    _arm("RegistryTasks Runs_Cancel", "POST", rf"{ACR}/runs/[a-z0-9]+/cancel", TASKS),
    _arm(
        *("RegistryTasks Registries_ScheduleRun", "POST", rf"{ACR}/scheduleRun", TASKS),
        body="type=TaskRunRequest isArchiveEnabled? taskId overrideTaskStepProperties?",
    ),
    _arm("RegistryTasks AgentPools_Get", "GET", rf"{ACR}/agentPools/[A-Za-z0-9-]{{3,20}}", TASKS),
    _arm("RegistryTasks AgentPools_GetQueueStatus", "POST", rf"{ACR}/agentPools/[A-Za-z0-9-]{{3,20}}/listQueueStatus", TASKS),
    _arm("Authorization permissions", "GET", rf"{ACR}/providers/Microsoft\.Authorization/permissions", "2022-04-01"),
    _arm(
        *("containerservice ListClusterUserCredentials", "POST", rf"{AKS}/listClusterUserCredential", "2024-09-01"),
        query="format=exec server-fqdn?",
    ),
)


def _devops(source: str, method: str, path: str, query: str = "", body: str = "") -> Allowed:
    return Allowed(f"Azure DevOps 7.1 {source}", method, path, query, f"{DEVOPS}|Basic", body, accept=(JSON,))


_BUILD = r"/[^/]+/[^/]+/_apis/build"
_RUNS = r"/[^/]+/[^/]+/_apis/pipelines"
_DEVOPS = (
    _devops("connectionData", "GET", r"/[^/]+/_apis/connectionData", "api-version=7.1-preview"),
    _devops("security Has Permissions", "GET", r"/[^/]+/_apis/permissions/[0-9a-f-]{36}/\d+", "tokens api-version=7.1"),
    _devops("build Definitions - Get", "GET", rf"{_BUILD}/definitions/\d+", "api-version=7.1"),
    _devops(
        *("build Builds - List", "GET", rf"{_BUILD}/builds"),
        "definitions queryOrder=queueTimeDescending $top? continuationToken? api-version=7.1",
    ),
    _devops("build Builds - Get", "GET", rf"{_BUILD}/builds/\d+", "api-version=7.1"),
    _devops("build Builds - Update Build", "PATCH", rf"{_BUILD}/builds/\d+", "api-version=7.1", "status=cancelling"),
    _devops("build Timeline - Get", "GET", rf"{_BUILD}/builds/\d+/timeline", "api-version=7.1"),
    _devops("build Builds - Get Build Log", "GET", rf"{_BUILD}/builds/\d+/logs/\d+", "startLine? endLine? api-version=7.1"),
    _devops(
        *("git Items - Get", "GET", r"/[^/]+/[^/]+/_apis/git/repositories/[^/]+/items"),
        "path includeContent=true $format=json api-version=7.1",
    ),
    _devops("approvals Query", "GET", rf"{_RUNS}/approvals", "approvalIds $expand=steps api-version=7.1"),
    _devops(
        *("pipelines Runs - Run Pipeline", "POST", rf"{_RUNS}/\d+/runs", "api-version=7.1"),
        "resources? templateParameters? variables? stagesToSkip? previewRun? yamlOverride?",
    ),
)


def _github(source: str, method: str, path: str, query: str = "", body: str = "", accept: str = "") -> Allowed:
    types = (accept or "application/vnd.github+json",)
    return Allowed(
        *(f"GitHub REST {source}", method, rf"(?:/api/v3)?{path}", query, "Bearer", body, JSON, types),
        ("x-github-api-version",),
    )


_REPO = r"/repos/[\w.-]+/[\w.-]+"
_WORKFLOW = rf"{_REPO}/actions/workflows/[\w.-]+"
_RUN = rf"{_REPO}/actions/runs/\d+"
_GITHUB = (
    _github("users: get the authenticated user", "GET", "/user"),
    _github("repos: get a repository", "GET", _REPO),
    _github(
        *("repos: get repository content", "GET", rf"{_REPO}/contents/\.github/workflows/[\w.-]+"),
        accept="application/vnd.github.raw+json",
    ),
    _github("actions: get a workflow", "GET", _WORKFLOW),
    _github("actions: list runs", "GET", f"{_WORKFLOW}/runs", "event? branch? created? status? actor? per_page? page?"),
    _github("actions: dispatch", "POST", f"{_WORKFLOW}/dispatches", body="ref inputs? return_run_details?"),
    _github("actions: get a run", "GET", _RUN),
    _github("actions: list jobs", "GET", f"{_RUN}/jobs", "filter? per_page? page?"),
    _github("actions: pending deployments", "GET", f"{_RUN}/pending_deployments"),
    _github("actions: cancel", "POST", f"{_RUN}/cancel"),
    _github("actions: download job logs", "GET", rf"{_REPO}/actions/jobs/\d+/logs", accept="*/*"),
)


def _jenkins(source: str, method: str, path: str, query: str = "", body: str = "") -> Allowed:
    own = ("cookie?", "jenkins-crumb?") if method == "POST" else ()
    return Allowed(f"Jenkins {source}", method, path, query, "Basic", body, FORM, headers=own)


_JOB = r"(?:/job/[^/]+)+"
_JENKINS = (
    _jenkins("remote access API", "GET", rf"(?:{_JOB}(?:/\d+)?|/queue(?:/item/\d+)?|/whoAmI)/api/json", "tree"),
    _jenkins("DefaultCrumbIssuer", "GET", "/crumbIssuer/api/json"),
    _jenkins("AbstractItem config.xml", "GET", rf"{_JOB}/config\.xml"),
    _jenkins("LargeText progressiveText", "GET", rf"{_JOB}/\d+/logText/progressiveText", "start"),
    _jenkins("ParameterizedJobMixIn", "POST", rf"{_JOB}/build(?:WithParameters)?", "delay=0sec", "*"),
    _jenkins("Run stop", "POST", rf"{_JOB}/\d+/stop"),
    _jenkins("Queue cancelItem", "POST", "/queue/cancelItem", "id"),
)
_SAS = "sv sig se? sp? sr? st? spr? skoid? sktid? skt? ske? sks? skv?"
_BLOBS = (Allowed("Blob service SAS, Get Blob", "GET", "/.+", _SAS),)
_GROWING = tuple(
    Allowed("Append blob of a run's log", method, "/.+", _SAS, headers=ranged)
    for method, ranged in (("HEAD", ()), ("GET", ("x-ms-range",)))
)


def _oci(signed: str) -> tuple[Allowed, ...]:
    spec = "OCI distribution 1.1"
    return (
        Allowed(f"{spec} end-1", "GET", "/v2/", signed=f"{signed}|nobody"),
        Allowed("distribution catalog", "GET", "/v2/_catalog", "n? last?", signed),
        Allowed(f"{spec} end-8", "GET", rf"/v2/{NAME}/tags/list", "n? last?", signed),
        *(
            Allowed(f"{spec} end-3", method, rf"/v2/{NAME}/manifests/{REFERENCE}", signed=signed, accept=MANIFESTS)
            for method in ("GET", "HEAD")
        ),
        Allowed(f"{spec} end-2", "GET", rf"/v2/{NAME}/blobs/{DIGEST}", signed=signed),
        Allowed(f"{spec} end-12", "GET", rf"/v2/{NAME}/referrers/{DIGEST}", "artifactType?", signed, accept=MANIFESTS[:1]),
    )


def _acr(host: str) -> tuple[Allowed, ...]:
    lists, encoded = f"{host}|nobody", rf"/acr/v1/{NAME.replace('/', '%2F')}"
    attributes = "deleteEnabled writeEnabled listEnabled readEnabled"
    digest = rf"{encoded}/_manifests/sha256(?::|%3A)[0-9a-f]{{64}}"
    named = ("acr 2021-07-01 ", "api-version=2021-07-01")
    return (
        *_oci(lists),
        Allowed(
            "ACR AAD-OAuth exchange",
            "POST",
            "/oauth2/exchange",
            body="grant_type=access_token service access_token tenant?",
            kind=FORM,
        ),
        Allowed(
            *("ACR AAD-OAuth token", "POST", "/oauth2/token"),
            body="grant_type service scope? refresh_token? username? password? client_id?",
            kind=FORM,
        ),
        Allowed("acr 2021-07-01 GetList", "GET", "/acr/v1/_catalog", "n? last?", lists, accept=(JSON,)),
        Allowed("acr 2021-07-01 GetProperties", "GET", encoded, "api-version=2021-07-01?", lists, accept=(JSON,)),
        Allowed("acr 2021-07-01 GetTags", "GET", f"{encoded}/_tags", "n? last? orderby? digest?", lists, accept=(JSON,)),
        Allowed("acr 2021-07-01 GetManifests", "GET", f"{encoded}/_manifests", "n? last? orderby?", lists, accept=(JSON,)),
        Allowed(f"{named[0]}GetManifestProperties", "GET", digest, named[1], lists, accept=(JSON,)),
        Allowed(f"{named[0]}GetTagAttributes", "GET", rf"{encoded}/_tags/[\w.-]+", named[1], lists, accept=(JSON,)),
        *(
            Allowed(f"{named[0]}Update", "PATCH", path, named[1], lists, attributes, accept=(JSON,))
            for path in (encoded, digest, rf"{encoded}/_tags/[\w.-]+")
        ),
    )


PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_WATCH = "watch=true resourceVersion allowWatchBookmarks=true timeoutSeconds"
_CLUSTER = (
    Allowed("Kubernetes discovery", "GET", r"/version|/api|/apis|/api/v1|/apis/[a-z0-9.-]+/v[0-9a-z]+", signed="certificate"),
    Allowed(
        *("Kubernetes list", "GET", rf"{OBJECT}/[a-z0-9]+"),
        "limit? continue? labelSelector? fieldSelector? resourceVersion? resourceVersionMatch?",
        "certificate",
    ),
    Allowed("Kubernetes watch", "GET", rf"{OBJECT}/[a-z0-9]+", _WATCH, "certificate"),
    Allowed("Kubernetes read", "GET", rf"{OBJECT}/[a-z0-9]+/[a-z0-9.:-]+", "", "certificate"),
    Allowed(
        *("Kubernetes read log", "GET", rf"{OBJECT}/pods/[a-z0-9.-]+/log"),
        "container? follow? previous? timestamps? tailLines? limitBytes? sinceSeconds? sinceTime?",
        "certificate",
    ),
    *(
        Allowed("Kubernetes patch", "PATCH", rf"{OBJECT}/[a-z0-9]+/[a-z0-9.-]+", "fieldManager force?", "certificate", "*", kind)
        for kind in PATCHES
    ),
    Allowed(
        *("Kubernetes reviews of oneself", "POST", r"/apis/authorization\.k8s\.io/v1/selfsubject(?:access|rules)reviews", ""),
        *("certificate", "apiVersion kind spec metadata? status?"),
    ),
    Allowed(
        *("Kubernetes who am I", "POST", r"/apis/authentication\.k8s\.io/v1/selfsubjectreviews", "", "certificate"),
        "apiVersion kind metadata?",
    ),
)
TABLES: Mapping[str, tuple[Allowed, ...]] = {
    "arm": _ARM,
    "defender": (_GRAPH,),
    "logs": _GROWING,
    "github-logs": _BLOBS,
    "storage": _BLOBS,
    "azure-pipelines": _DEVOPS,
    "github-actions": _GITHUB,
    "jenkins": _JENKINS,
    "contoso.azurecr.io": _acr("contoso.azurecr.io"),
    "fabrikam.azurecr.io": _acr("fabrikam.azurecr.io"),
    "mcr.microsoft.com": _oci("nobody"),
    "legacy.contoso.example": _oci("Basic|nobody"),
    "cluster": _CLUSTER,
    "identity": (
        Allowed(
            *("App Service managed identity 2019-08-01", "GET", "/msi/token", "api-version=2019-08-01 resource client_id?"),
            headers=("x-identity-header", "x-ms-client-request-id?"),
        ),
    ),
    "revocation": (Allowed("RFC 5280 CRL distribution point", "GET", r"/[a-z]+\.crl"),),
    "aqua": (
        Allowed("Aqua API v1 login", "POST", "/api/v1/login", body="id password"),
        Allowed("Aqua API v2 images", "GET", "/api/v2/images", "page pagesize registry? name?", "Bearer", accept=(JSON,)),
        Allowed(
            *("Aqua API v2 risks", "GET", "/api/v2/risks/vulnerabilities"),
            "page pagesize include_vpatch_info? show_negligible? hide_base_image? image_name? registry_name?",
            "Bearer",
            accept=(JSON,),
        ),
    ),
    "prisma": (
        Allowed("Prisma Cloud Compute 34.04 authenticate", "POST", "/api/v1/authenticate", body="username password"),
        Allowed(
            "Prisma Cloud Compute 34.04", "GET", "/api/v1/(?:registry|images)", "limit offset compact?", "Bearer", accept=(JSON,)
        ),
    ),
}
"""What each server of the demo allows; its clusters are called `prod-...`."""
