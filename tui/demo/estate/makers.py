"""What images of the estate tell of who built them: nothing of it is signed unless the image is.

What tasks and configured jobs build says nothing else than that; the others are built by jobs that the settings do not
name for them. One lies: two labels of `notify/mailer` name two builders, as of an image that was copied from one job to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LABELS", "MAKERS", "Maker"]

_HOST = "contoso.azurecr.io"
_GIT = "https://git.contoso.example/contoso"
_AZURE = "com.azure.dev.image"


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made it, as provenance tells it; the workflow is one of GitHub, where there is one."""

    builder: str = ""
    build_type: str = "https://mobyproject.org/buildkit@v1"
    source: str = ""
    entry_point: str = "Dockerfile"


def _workflow(repository: str, file: str, run: int) -> Maker:
    return Maker(
        f"{_GIT}/{repository}/actions/runs/{run}/attempts/1",
        source=f"git+{_GIT}/{repository}@refs/heads/main",
        entry_point=f".github/workflows/{file}",
    )


MAKERS: Mapping[str, Maker] = {
    f"{_HOST}/checkout/cart": _workflow("checkout", "cart.yml", 8041),  # as the settings say
    f"{_HOST}/data/export": _workflow("data", "export.yml", 7719),  # in a signed index
    f"{_HOST}/identity/login": _workflow("identity", "login.yml", 7902),
    f"{_HOST}/ml/ranker": Maker("https://tekton.dev/chains/v2", "tekton.dev/v1beta1/TaskRun"),
}


def _pipeline(definition: str, build: int) -> dict[str, str]:
    """The labels of the Docker task of Azure Pipelines."""
    return {
        f"{_AZURE}.build.buildnumber": f"20261013.{build % 10}",
        f"{_AZURE}.build.builduri": f"vstfs:///Build/Build/{build}",
        f"{_AZURE}.build.definitionname": definition,
        f"{_AZURE}.build.repository.name": "shop",
        f"{_AZURE}.build.repository.uri": "https://dev.azure.com/contoso/shop/_git/shop",
        f"{_AZURE}.build.sourcebranchname": "main",
        f"{_AZURE}.build.sourceversion": f"{build:040x}",
        f"{_AZURE}.system.teamfoundationcollectionuri": "https://dev.azure.com/contoso/",
        f"{_AZURE}.system.teamproject": "shop",
    }


LABELS: Mapping[str, Mapping[str, str]] = {
    f"{_HOST}/search/indexer": _pipeline("Build search/indexer", 20_771),
    f"{_HOST}/identity/directory": {
        "org.opencontainers.image.source": f"{_GIT}/identity",
        "org.opencontainers.image.revision": "9b1f0c7d2e3a4f5b6c7d8e9f0a1b2c3d4e5f6a7b",
    },
    f"{_HOST}/fulfilment/scheduler": {
        "com.contoso.build-url": "https://jenkins.contoso.example/job/fulfilment/job/scheduler/57/"
    },
    f"{_HOST}/notify/mailer": {
        **_pipeline("Build notify/mailer", 20_412),
        "com.contoso.build-url": "https://jenkins.contoso.example/job/notify/job/mailer/112/",
    },
}
