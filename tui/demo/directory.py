"""The private directory of a run: kubeconfig, CA, Docker's config.json and the program's own settings."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui.demo.azure.resources import TENANT
from tui.demo.content import Json
from tui.demo.pki import Pair

__all__ = ["SILENT", "BuilderTable", "entra_kubeconfig", "write_docker", "write_kubeconfig", "write_settings"]

# Registries of the whole world, and one that no name server knows: the demo never leaves this machine.
SILENT = ("docker.io", "quay.io", "registry.internal.contoso.example")


AKS_SERVER, AKS_CLIENT = "6dae42f8-4368-4678-94ff-3960e28e3630", "80faf920-1908-4b52-b5ef-a8e7bedfc67a"


BuilderTable = tuple[Mapping[str, str], Mapping[str, str]]
"""A build system in the settings: its table, and which job builds which image."""


def _write(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text)
    return path


def write_kubeconfig(directory: Path, servers: Mapping[str, str], ca: bytes, admin: Pair, tokens: Mapping[str, str]) -> Path:
    """One context per cluster for the administrator, and for each cluster one per user with a token (`prod-weu-viewer`)."""
    encoded = base64.b64encode(ca).decode()
    clusters = [
        {"name": name, "cluster": {"server": url, "certificate-authority-data": encoded}} for name, url in servers.items()
    ]
    files = {"client-certificate-data": admin.certificate, "client-key-data": admin.key}
    users: list[Json] = [{"name": "admin", "user": {name: base64.b64encode(value).decode() for name, value in files.items()}}]
    users += [{"name": name, "user": {"token": token}} for name, token in tokens.items()]
    contexts = [_context(name, name, "admin") for name in servers]
    contexts += [_context(f"{name}-{user}", name, user) for name in servers for user in tokens]
    config: Json = {"apiVersion": "v1", "kind": "Config", "current-context": next(iter(servers)), "preferences": {}}
    # JSON is YAML.
    return _write(
        directory / "kubeconfig", json.dumps({**config, "clusters": clusters, "users": users, "contexts": contexts}, indent=1)
    )


def entra_kubeconfig(name: str, server: str, ca: bytes) -> str:
    """What Azure gives to a user of Entra ID: a kubeconfig that asks `kubelogin` for tokens (azure-aks-docs, kubelogin)."""
    user = f"clusterUser_rg-{name}_{name}"
    args = ["get-token", "--environment", "AzurePublicCloud", "--server-id", AKS_SERVER, "--client-id", AKS_CLIENT]
    plugin: Json = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": [*args, "--tenant-id", TENANT, "--login", "devicecode"],
        "env": None,
        "provideClusterInfo": False,
    }
    data = {"server": server, "certificate-authority-data": base64.b64encode(ca).decode()}
    config: Json = {"apiVersion": "v1", "kind": "Config", "current-context": name, "preferences": {}}
    config |= {"clusters": [{"name": name, "cluster": data}], "users": [{"name": user, "user": {"exec": plugin}}]}
    return json.dumps({**config, "contexts": [{"name": name, "context": {"cluster": name, "user": user}}]})


def _context(name: str, cluster: str, user: str) -> Json:
    return {"name": name, "context": {"cluster": cluster, "user": user, "namespace": "payments"}}


def write_docker(directory: Path, host: str, user: str, password: str) -> Path:
    """Docker's config.json with one login."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return _write(directory / "config.json", json.dumps({"auths": {host: {"auth": auth}}}, indent=1))


def write_settings(
    directory: Path,
    registries: Mapping[str, tuple[str, str, str]],
    keys: Iterable[Path],
    scanners: Mapping[str, Mapping[str, str]],
    bases: Mapping[str, str],
    azure: str,
    builders: Mapping[str, BuilderTable],
) -> Path:
    """The program's settings: registry -> (kind, endpoint, how to sign in), the keys whose signatures count, scanners, the
    bases of images that say nothing of theirs, and what builds images outside of their registries.
    """
    lines = ["# Written by the demo; gone when it ends.", ""]
    for host, (kind, endpoint, auth) in registries.items():
        lines += [f'[registry."{host}"]', f'kind = "{kind}"', f'endpoint = "{endpoint}"']
        lines += [f"ca_file = {json.dumps(str(directory / 'ca.crt'))}", f'auth = "{auth}"']
        # Nobody else shares these registries: no reason to hold back.
        lines += ["requests_per_minute = 60000", ""]
    for host in SILENT:
        lines += [f'[registry."{host}"]', "ask = false", ""]
    # The list of revoked certificates is served on this machine, too.
    lines += ["[signatures]", f"cosign_keys = {json.dumps([str(key) for key in keys])}", "private_responders = true"]
    # Nothing of cosign's own variables: the demo stands for itself.
    lines += ['trusted_root = ""', 'cosign_repository = ""', "rekor_keys = []", "ct_log_keys = []", "fulcio_roots = []", ""]
    lines += ["[base]", *(f"{json.dumps(images)} = {json.dumps(base)}" for images, base in bases.items()), ""]
    lines += ["[arm]", f"endpoint = {json.dumps(azure)}", f"ca_file = {json.dumps(str(directory / 'ca.crt'))}", ""]
    for name, scanner in scanners.items():
        lines += [f"[scanner.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in scanner.items())]
        lines += [f"ca_file = {json.dumps(str(directory / 'ca.crt'))}", ""]
    for name, (table, images) in builders.items():
        lines += [f"[builder.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
        lines += [f"ca_file = {json.dumps(str(directory / 'ca.crt'))}", f"[builder.{name}.images]"]
        lines += [*(f"{json.dumps(image)} = {json.dumps(job)}" for image, job in images.items()), ""]
    return _write(directory / "config.toml", "\n".join(lines))
