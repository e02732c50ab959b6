"""An Azure Container Registry: challenge, exchange, tokens, its own lists, and the distribution API.

Shapes: recordings of the real service, checked reply by reply in tests/demo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from secrets import token_hex

from tui.demo.content import Json
from tui.demo.http import Headers, Reply, Request, json_reply
from tui.demo.registry.distribution import V2_PATH, Distribution
from tui.demo.registry.errors import ACR_HEADERS, JSON, disallowed, error, manifest_unknown, name_unknown, no_route
from tui.demo.registry.paging import page
from tui.demo.registry.rows import manifest_row, repository_row, tag_row
from tui.demo.registry.tokens import TokenService
from tui.demo.registry_contents import RegistryContents, Repository, Row, TagRow

__all__ = ["AzureRegistry"]

_LIST = re.compile(r"/acr/v1/(?P<name>.+?)(?:/_(?P<what>tags|manifests)(?:/(?P<reference>[^/]+))?)?")
_ATTRIBUTES = ("delete", "write", "read", "list")
_REFUSED = "authentication required, visit https://aka.ms/acr/authorization for more information."


class AzureRegistry:
    """One registry; `denied` names what the identity may not read: repositories, or prefixes ending in a slash.

    Without `catalog` the list of repositories is refused, as in registries whose roles are per repository. `actions` are what
    it may do in the others.
    """

    def __init__(
        self,
        shelf: RegistryContents,
        entra: Callable[[str], bool],
        *,
        denied: tuple[str, ...] = (),
        catalog: bool = True,
        actions: tuple[str, ...] = ("pull", "metadata_read"),
        anonymous: bool = False,
    ) -> None:
        self._shelf, self._denied, self._catalog_allowed, self._actions = shelf, denied, catalog, actions
        self.tokens = TokenService(shelf.host, entra, self._grant, anonymous=anonymous)
        self.distribution = Distribution(shelf, headers=ACR_HEADERS)

    async def handle(self, request: Request) -> Reply:
        """One request."""
        match request.path:
            case "/oauth2/exchange" if request.method == "POST":
                return self.tokens.exchange(request)
            case "/oauth2/token":
                return self.tokens.issue(request)
        scope = _scope(request)
        if scope is None or _upper_case_name(request.path):
            return no_route()
        token = request.headers.get("authorization", "").partition(" ")[2]
        if not self.tokens.allows(token, _needed(scope)) or not token:
            return self._challenge(request, scope)
        return self._correlated(self._answer(request))

    def _grant(self, kind: str, name: str, actions: list[str]) -> list[str]:
        """What the identity may do: reading; a scope that is refused is granted without actions (recorded: 200, then 401)."""
        if kind == "registry":
            return ["*"] if name == "catalog" and self._catalog_allowed else []
        if kind != "repository" or self._is_denied(name):
            return []
        return [action for action in actions if action in self._actions]

    def _is_denied(self, name: str) -> bool:
        return any(name.startswith(denied) if denied.endswith("/") else name == denied for denied in self._denied)

    def _challenge(self, request: Request, scope: _Scope) -> Reply:
        kind, name, action = scope
        realm = f'Bearer realm="https://{request.host}/oauth2/token",service="{self._shelf.host}"'
        if not kind:
            return error(401, "UNAUTHORIZED", _REFUSED, None, (*ACR_HEADERS, ("Www-Authenticate", realm)))
        challenge = f'{realm},scope="{kind}:{name}:{action}",error="invalid_token"'
        detail = [{"Type": kind, "Name": name, "Action": action}]
        return error(401, "UNAUTHORIZED", _REFUSED, detail, (*ACR_HEADERS, ("Www-Authenticate", challenge)))

    def _correlated(self, reply: Reply) -> Reply:
        reply.headers = (*reply.headers, ("X-Ms-Correlation-Request-Id", _uuid()))
        return reply

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith("/v2"):
            return self.distribution.answer(request)
        if request.method == "DELETE":
            return self._untag(request.path)
        if request.method == "PATCH":
            return self._change(request)
        if request.method != "GET":
            return error(405, "UNSUPPORTED", "The operation is unsupported.")
        if request.path == "/acr/v1/_catalog":
            return self._catalog(request)
        return self._lists(request)

    def _lists(self, request: Request) -> Reply:
        match = _LIST.fullmatch(request.path)
        if match is None:
            return no_route()
        repository = self._shelf.open(match["name"])
        if repository is None:
            return _missing(match["what"]) if match["reference"] else name_unknown(match["name"])
        match match["what"], match["reference"]:
            case "tags", None:
                return self._tags(request, repository)
            case "manifests", None:
                return self._manifests(request, repository)
            case "tags", str(reference):
                return self._tag(repository, reference)
            case "manifests", str(reference):
                return self._manifest(repository, reference)
            case _:
                return _listed(repository_row(self._shelf.host, repository))

    def _change(self, request: Request) -> Reply:
        """PATCH of changeable attributes; the answer is as for GET (recording client.update_manifest_properties)."""
        match = _LIST.fullmatch(request.path)
        repository = self._shelf.open(match["name"]) if match else None
        if match is None or repository is None:
            return self._lists(request)
        try:
            values = json.loads(request.body)
            wished = {name: bool(values[f"{name}Enabled"]) for name in _ATTRIBUTES if f"{name}Enabled" in values}
        except (ValueError, TypeError):
            return error(400, "UNSUPPORTED", "invalid attributes")
        rows: dict[str, Repository | TagRow | Row | None] = {
            "tags": repository.tags.get(match["reference"] or ""),
            "manifests": repository.rows.get(match["reference"] or ""),
        }
        target = rows[match["what"]] if match["what"] else repository
        if target is not None:
            off = {name for name, enabled in wished.items() if not enabled}
            target.forbidden = frozenset((target.forbidden - wished.keys()) | off)
        return self._lists(request)

    def _catalog(self, request: Request) -> Reply:
        names = sorted(self._shelf.repositories)
        listed, link = page("/acr/v1/_catalog", request.query, names, names, {"orderby": ""})
        return _listed({"repositories": listed}, link)

    def _tags(self, request: Request, repository: Repository) -> Reply:
        digest, order = request.query.get("digest", ""), request.query.get("orderby", "")
        tags = [tag for tag in repository.tags.values() if not digest or tag.digest == digest]
        tags.sort(key=(lambda tag: tag.name) if not order.startswith("time") else (lambda tag: tag.updated.isoformat()))
        if order == "timedesc":
            tags.reverse()
        path = f"/acr/v1/{repository.name}/_tags"
        tags_shown, link = page(path, request.query, tags, [tag.name for tag in tags], {"orderby": order})
        rows = [self._tag_row(repository, tag.name) for tag in tags_shown]
        return _listed({**self._head(repository), "tags": rows}, link)

    def _manifests(self, request: Request, repository: Repository) -> Reply:
        order = request.query.get("orderby", "")
        rows = sorted(repository.rows.values(), key=lambda row: row.stored.digest)
        if order.startswith("time"):
            rows.sort(key=lambda row: row.updated, reverse=order == "timedesc")
        path = f"/acr/v1/{repository.name}/_manifests"
        rows_shown, link = page(path, request.query, rows, [row.stored.digest for row in rows], {"orderby": order})
        listed = [manifest_row(repository, row) for row in rows_shown]
        return _listed({**self._head(repository), "manifests": listed}, link).chunk()

    def _tag(self, repository: Repository, name: str) -> Reply:
        if name not in repository.tags:
            return _missing("tags")
        return _listed({**self._head(repository), "tag": self._tag_row(repository, name)})

    def _manifest(self, repository: Repository, digest: str) -> Reply:
        row = repository.rows.get(digest)
        if row is None:
            return manifest_unknown()
        return _listed({**self._head(repository), "manifest": manifest_row(repository, row, alone=True)})

    def _untag(self, path: str) -> Reply:
        """DELETE of a tag: the manifest stays."""
        match = _LIST.fullmatch(path)
        if match is None or match["what"] != "tags" or not match["reference"]:
            return error(405, "UNSUPPORTED", "The operation is unsupported.")
        repository = self._shelf.open(match["name"])
        if repository and (locked := repository.tags.get(match["reference"])) and locked.forbidden & {"delete", "write"}:
            return disallowed()
        tag = repository.tags.pop(match["reference"], None) if repository else None
        left = ("x-ms-ratelimit-remaining-calls-per-second", "8.000000")
        if tag is None:
            reply = _missing("tags")
            reply.headers = (*reply.headers, left)
            return reply
        return Reply(202, b"", (*ACR_HEADERS, left, ("x-ms-int-docker-content-digest", tag.digest)))

    def _tag_row(self, repository: Repository, name: str) -> Json:
        return tag_row(repository.tags[name], False)

    def _head(self, repository: Repository) -> Json:
        return {"registry": self._shelf.host, "imageName": repository.name}


_Scope = tuple[str, str, str]


def _listed(body: Json, link: Headers = ()) -> Reply:
    return json_reply(body, headers=(JSON, *ACR_HEADERS, *link))


def _missing(listing: str) -> Reply:
    return error(404, "TAG_UNKNOWN", "the specified tag does not exist") if listing == "tags" else manifest_unknown()


def _scope(request: Request) -> _Scope | None:
    """The right that a request needs; the type is empty for the API's root, None for paths that are not there."""
    if request.path in ("/v2/", "/v2"):
        return "", "", ""
    if request.path in ("/acr/v1/_catalog", "/v2/_catalog"):
        return "registry", "catalog", "*"
    if (match := V2_PATH.fullmatch(request.path)) is not None:
        action = {"tags": "metadata_read", "referrers": "pull,metadata_read"}.get(match["what"], "pull")
        return "repository", match["name"], action
    if (match := _LIST.fullmatch(request.path)) is not None:
        action = {"DELETE": "delete", "PATCH": "metadata_write"}.get(request.method, "metadata_read")
        return "repository", match["name"], action
    return None


def _needed(scope: _Scope) -> tuple[str, ...]:
    kind, name, actions = scope
    return tuple(f"{kind}:{name}:{action}" for action in actions.split(",")) if kind else ()


def _upper_case_name(path: str) -> bool:
    name = path.removeprefix("/acr/v1/").partition("/_")[0] if path.startswith("/acr/v1/") else ""
    return name != name.lower()


def _uuid() -> str:
    text = token_hex(16)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
