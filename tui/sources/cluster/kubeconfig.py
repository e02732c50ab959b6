"""kubeconfig files, read and merged as kubectl does: the first file to set a value wins.

Source: kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig, "Merging kubeconfig files". The
merger of the kubernetes package is not used: its last `current-context` wins, it resolves a user's relative paths against
the cluster's file, and it fails without a position on a broken file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

import msgspec

from tui.domain.common.text import clean
from tui.errors import InvalidConfig, UsageError
from tui.private_files import NO_REGULAR, read_regular

__all__ = ["Contexts", "Kubeconfig", "contexts", "default_paths", "kubeconfig_of", "read_kubeconfig"]

# A kubeconfig of a thousand clusters is below 5 MB; beyond this it is something else.
MAX_FILE = 16 * 1024 * 1024
_LISTS = {"clusters": "cluster", "contexts": "context", "users": "user"}
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class Contexts(msgspec.Struct, frozen=True):
    """The contexts that the kubeconfig files offer; `current` is empty when none is set."""

    current: str
    names: tuple[str, ...]


class Kubeconfig(msgspec.Struct, frozen=True):
    """The merged content, with relative paths made absolute; `document` has the shape of one kubeconfig file."""

    document: dict[str, object]
    paths: tuple[Path, ...]

    @property
    def contexts(self) -> Contexts:
        """What can be asked for."""
        current = self.document.get("current-context")
        return Contexts(current if isinstance(current, str) else "", tuple(_names(self.document, "contexts")))

    def entry(self, section: str, name: str) -> dict[str, object]:
        """The body of the named entry of `clusters`, `contexts` or `users`; empty when it is not there."""
        for item in _items(self.document, section):
            if item.get("name") == name:
                body = item.get(_LISTS[section])
                return body if _is_mapping(body) else {}
        return {}

    def choose(self, context: str) -> str:
        """The context asked for, or the current one. Raises UsageError naming the contexts that exist."""
        offered = self.contexts
        chosen = context or offered.current
        if chosen in offered.names:
            return chosen
        listed = ", ".join(clean(name, 60) for name in offered.names[:12]) or "none"
        if not chosen:
            raise UsageError("The kubeconfig names no current context.", f"Choose one with --context: {listed}.")
        where = ", ".join(str(path) for path in self.paths)
        raise UsageError(f"There is no context '{clean(chosen, 80)}' in {where}.", f"Contexts that exist: {listed}.")


def default_paths(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The files that kubectl would read: those of `KUBECONFIG`, otherwise `~/.kube/config`."""
    listed = (os.environ if environ is None else environ).get("KUBECONFIG", "")
    paths = tuple(Path(os.path.expanduser(part)) for part in listed.split(os.pathsep) if part)
    return paths or (Path.home() / ".kube" / "config",)


def contexts(paths: tuple[Path, ...] = ()) -> Contexts:
    """The contexts of these files, or of the default ones. Raises InvalidConfig."""
    return read_kubeconfig(paths).contexts


def read_kubeconfig(paths: tuple[Path, ...] = ()) -> Kubeconfig:
    """Read and merge kubeconfig files; those that are not there are skipped, as kubectl does. Raises InvalidConfig."""
    candidates = paths or default_paths()
    existing = tuple(path for path in candidates if path.exists())
    if not existing:
        names = ", ".join(str(path) for path in candidates)
        raise InvalidConfig(
            f"No kubeconfig: {names} does not exist.",
            "Set KUBECONFIG or fetch one, e.g. az aks get-credentials -g GROUP -n CLUSTER.",
            path=names,
        )
    merged: dict[str, object] = {section: [] for section in _LISTS}
    for path in existing:
        _merge(merged, _read_file(path), path)
    return Kubeconfig(merged, existing)


def kubeconfig_of(body: bytes, name: str) -> Kubeconfig:
    """A kubeconfig that stands in no file, and leads to none: it was handed over by somebody else. Raises InvalidConfig."""
    document = _parse_yaml(body, Path(name)) if len(body) <= MAX_FILE else None
    if not _is_mapping(document):
        raise InvalidConfig(f"What {name} returned is not a kubeconfig.", "Fetch it by hand to see what is wrong.")
    merged: dict[str, object] = {section: [] for section in _LISTS}
    _merge(merged, document, Path(name))
    for section, body_key in _LISTS.items():
        for item in _items(merged, section):
            entry = item[body_key]
            assert isinstance(entry, dict)
            item[body_key] = {key: value for key, value in entry.items() if key not in _FILES}
    return Kubeconfig(merged, ())


def _read_file(path: Path) -> dict[str, object]:
    try:
        body = read_regular(path, MAX_FILE)
    except OSError as error:
        remedy = "Name a file." if error.strerror == NO_REGULAR else "Check its permissions."
        raise InvalidConfig(f"{path} cannot be read: {error.strerror or error}.", remedy, path=str(path)) from error
    if len(body) > MAX_FILE:
        raise InvalidConfig(f"{path} is too large for a kubeconfig.", "Check the path.", path=str(path))
    document = _parse_yaml(body, path)
    if document is None:
        return {}
    if not _is_mapping(document):
        raise InvalidConfig(f"{path} is not a kubeconfig: a mapping was expected.", "Check the path.", path=str(path))
    return document


def _parse_yaml(body: bytes, path: Path) -> object:
    import yaml

    # The C parser is ten times faster, where it was built.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(body, Loader=loader)  # noqa: S506  both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        position = f" (line {line}, column {column})" if line else ""
        problem = clean(str(getattr(error, "problem", "") or "not readable"), 120)
        headline = f"{path} is not valid YAML: {problem}{position}."
        raise InvalidConfig(
            headline, "Correct the file, or point KUBECONFIG to another.", path=str(path), line=line, column=column
        ) from error


def _refuse_foreign(document: Mapping[str, object], path: Path) -> None:
    """Raise InvalidConfig for what client-go refuses: another kind of document, and two entries of one name in a file."""
    for key, meant in (("kind", "Config"), ("apiVersion", "v1")):
        if document.get(key) not in (None, "", meant):
            headline = f"{path} is not a kubeconfig: its {key} is not {meant}."
            raise InvalidConfig(headline, "Check the path.", path=str(path))
    for section in _LISTS:
        names = Counter(str(item["name"]) for item in _items(document, section, path))
        if twice := next((name for name, number in names.items() if number > 1), None):
            headline = f"{path}: two entries of '{section}' are named '{clean(twice, 60)}'."
            raise InvalidConfig(headline, "Remove one of them: which one counts is not known.", path=str(path))


def _merge(merged: dict[str, object], document: dict[str, object], path: Path) -> None:
    _refuse_foreign(document, path)
    current = document.get("current-context")
    if current and isinstance(current, str):
        merged.setdefault("current-context", current)
    for section, body_key in _LISTS.items():
        names = set(_names(merged, section))
        target = merged[section]
        assert isinstance(target, list)
        for item in _items(document, section, path):
            if item.get("name") not in names:
                target.append({"name": item.get("name"), body_key: _absolute(item.get(body_key), path)})


def _absolute(body: object, path: Path) -> dict[str, object]:
    """The body with relative file names resolved against the file they stand in (client-go: ResolveLocalPaths)."""
    if not _is_mapping(body):
        return {}
    resolved = dict(body)
    for key in _FILES:
        value = resolved.get(key)
        if isinstance(value, str) and value:
            resolved[key] = str(path.parent.resolve() / os.path.expanduser(value))
    plugin = resolved.get("exec")
    if _is_mapping(plugin):
        resolved["exec"] = {**plugin, "command": _command(plugin.get("command"), path)}
    return resolved


def _command(command: object, path: Path) -> object:
    # A command with a separator is relative to the kubeconfig, a bare one is looked up in PATH (kubectl exec plugins).
    if isinstance(command, str) and os.sep in command and not Path(command).is_absolute():
        return str(path.parent.resolve() / command)
    return command


def _items(document: Mapping[str, object], section: str, path: Path | None = None) -> list[dict[str, object]]:
    items = document.get(section) or []
    if isinstance(items, list) and all(_is_mapping(item) and isinstance(item.get("name"), str) for item in items):
        return items
    raise InvalidConfig(
        f"{path or 'The kubeconfig'}: '{section}' must be a list of entries that have a name.",
        "Correct the file.",
        path=str(path or ""),
    )


def _names(document: Mapping[str, object], section: str) -> list[str]:
    return [str(item["name"]) for item in _items(document, section)]


def _is_mapping(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)
