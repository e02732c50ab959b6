"""What `cosign attest` attaches, read as a claim of who built an image: both of its forms, with the key and without.

Runs only where `TRUSTREE_REAL_REGISTRY` names a registry with `public/tools:1` that may be pushed to, and `cosign` and `crane`
are on the path.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REGISTRY = os.environ.get("TRUSTREE_REAL_REGISTRY", "")
pytestmark = pytest.mark.skipif(
    not (REGISTRY and shutil.which("cosign") and shutil.which("crane")),
    reason="TRUSTREE_REAL_REGISTRY names no real registry, or a tool is not there",
)
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main())"
WORKFLOW = {"ref": "refs/heads/main", "repository": "https://github.com/contoso/shop", "path": ".github/workflows/api.yml"}
PREDICATE = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {"workflow": WORKFLOW},
    },
    "runDetails": {
        "builder": {"id": "https://github.com/actions/runner/github-hosted"},
        "metadata": {"invocationId": "https://github.com/contoso/shop/actions/runs/81/attempts/1"},
    },
}


def ran(*command: str, **environment: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def claims_of(repository: str, config: Path) -> list[dict[str, Any]]:
    """What the report says that attestations claim."""
    words = ["report", f"repo:{repository}", "--no-cluster", "--registry", REGISTRY, "--no-azure", "--no-cache"]
    words += ["--config", str(config), "-o", "json"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, timeout=150)
    claims = [claim for image in json.loads(done.stdout)["images"] for claim in image["build_claims"]]
    return [claim for claim in claims if claim["by"] == "attestation"]


@pytest.mark.parametrize("bundled", [True, False], ids=["bundle", "envelope"])
def test_what_cosign_attests_names_the_workflow_and_who_signed_it(tmp_path: Path, bundled: bool) -> None:
    repository = f"attested-{secrets.token_hex(3)}/app"
    name = f"{REGISTRY}/{repository}"
    ran("crane", "copy", f"{REGISTRY}/public/tools:1", f"{name}:1")
    digest = ran("crane", "digest", f"{name}:1")
    ran("cosign", "generate-key-pair", "--output-key-prefix", str(tmp_path / "release"), COSIGN_PASSWORD="")
    (tmp_path / "predicate.json").write_text(json.dumps(PREDICATE))
    flags = ["--use-signing-config=false", "--tlog-upload=false", f"--new-bundle-format={str(bundled).lower()}", "--yes"]
    key, predicate = str(tmp_path / "release.key"), str(tmp_path / "predicate.json")
    ran(
        *("cosign", "attest", "--key", key, "--predicate", predicate, "--type", "slsaprovenance1", *flags, f"{name}@{digest}"),
        COSIGN_PASSWORD="",
    )
    (tmp_path / "trusting.toml").write_text(f'[signatures]\ncosign_keys = ["{tmp_path / "release.pub"}"]\n')
    (tmp_path / "empty.toml").write_text("")
    (claim,) = claims_of(repository, tmp_path / "trusting.toml")
    assert (claim["job"], claim["run"], claim["signed"], claim["signer"]) == ("contoso/shop/api.yml", "81", True, "release.pub")
    (claim,) = claims_of(repository, tmp_path / "empty.toml")
    assert (claim["job"], claim["signed"], claim["signer"]) == ("contoso/shop/api.yml", None, None)
    assert claim["doubt"] == "no cosign key and no identity is configured for it"
