"""Requests to an API server: who asks, what for, whether they may, and the answer."""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any

from tui.demo.cluster import status
from tui.demo.cluster.discovery import api_groups, api_resources, api_versions, version_info
from tui.demo.cluster.kinds import KINDS, ApiResource
from tui.demo.cluster.patches import PatchRefused, missing_image, patched
from tui.demo.cluster.podlogs import log_of
from tui.demo.cluster.reviews import review
from tui.demo.cluster.rights import User
from tui.demo.cluster.scales import scale_of, scaled
from tui.demo.cluster.store import Key, ObjectStore, StoredObject, Watch
from tui.demo.cluster.views import view_of
from tui.demo.http import Reply, Request, json_reply

__all__ = ["ApiServer"]

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]+))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?P<rest>/.*)?"
)
_BY_PATH = {(kind.group, kind.version, kind.resource): kind for kind in KINDS}
_OPEN = ("/version", "/healthz", "/livez", "/readyz")
Who = Callable[[Request], User | None]
# What an object becomes by a request. Raises PatchRefused.
Change = Callable[[Request, ApiResource, dict[str, Any]], dict[str, Any]]
# Takes an object as a patch made it, and the field manager that did; false where the kind cannot be changed here. Raises
# PatchRefused for what the kind does not let be changed.
Write = Callable[[ApiResource, Key, dict[str, Any], str], bool]


class ApiServer:
    """One API server over a store; `who` authenticates, `write` takes changes of objects (None: nothing can be changed)."""

    def __init__(self, store: ObjectStore, who: Who, write: Write | None = None) -> None:
        self.store, self._who, self._write = store, who, write

    async def handle(self, request: Request) -> Reply:
        """One request."""
        user = self._who(request)
        reply = status.unauthorized() if user is None else self._answer(request, user)
        reply.headers = (*reply.headers, ("Audit-Id", token_hex(16)))
        reply.compress = True
        return reply

    def _answer(self, request: Request, user: User) -> Reply:
        path = request.path.rstrip("/")
        if path in _OPEN:
            return json_reply(version_info()) if path == "/version" else Reply(200, b"ok", media_type="text/plain")
        if (listing := api_versions(path) or api_groups(path) or api_resources(path)) is not None:
            return json_reply(listing, headers=(status.AUDIT,))
        match = _PATH.fullmatch(path)
        kind = _BY_PATH.get((match["group"] or "", match["version"], match["resource"])) if match else None
        if match is None or kind is None or (match["namespace"] and not kind.namespaced):
            return status.no_route()
        if kind.kind == "Pod" and match["rest"] == "/log" and match["namespace"]:
            return self._log(request, user, kind, (match["namespace"], match["name"]))
        if match["rest"] == "/scale" and kind.scale and match["namespace"]:
            return self._scale(request, user, kind, (match["namespace"], match["name"]))
        if match["rest"]:
            return status.no_route()
        if "create" in kind.verbs:
            return review(request, kind, user) if request.method == "POST" else status.not_allowed()
        return self._resource(request, user, kind, match["namespace"] or "", match["name"] or "")

    def _resource(self, request: Request, user: User, kind: ApiResource, namespace: str, name: str) -> Reply:
        watch = request.query.get("watch", "") in ("1", "true")
        verb = _verb(request.method, watch, bool(name))
        where = name if kind.kind == "Namespace" and name else namespace
        if not user.may_kind(verb, kind, where):
            return status.forbidden(user.name, verb, kind, namespace, name)
        if request.method == "PATCH" and name and self._write is not None:
            return self._patch(request, kind, (namespace, name), self._write)
        if request.method != "GET":
            return status.not_allowed()
        if name:
            entry = self.store.table(kind).entries.get((namespace, name))
            return status.not_found(kind, name) if entry is None else Reply(200, entry.whole, (status.AUDIT,))
        try:
            matches = _selection(namespace, request.query)
            return self._watch(request, kind, matches) if watch else self._list(request, kind, matches)
        except ValueError as error:
            return status.bad_request(str(error))

    def _log(self, request: Request, user: User, kind: ApiResource, key: Key) -> Reply:
        if not user.may("get", "", "pods/log", key[0]):
            return status.forbidden(user.name, "get", kind, *key, part="log")
        if request.method != "GET":
            return status.not_allowed()
        entry = self.store.table(kind).entries.get(key)
        return status.not_found(kind, key[1]) if entry is None else log_of(json.loads(entry.whole), request.query)

    def _scale(self, request: Request, user: User, kind: ApiResource, key: Key) -> Reply:
        verb = _verb(request.method, False, True)
        if not user.may(verb, kind.group, f"{kind.resource}/scale", key[0]):
            return status.forbidden(user.name, verb, kind, *key, part="scale")
        if request.method == "PATCH" and self._write is not None:
            reply = self._patch(request, kind, key, self._write, scaled)
        elif request.method != "GET":
            return status.not_allowed()
        else:
            entry = self.store.table(kind).entries.get(key)
            reply = status.not_found(kind, key[1]) if entry is None else Reply(200, entry.whole, (status.AUDIT,))
        return json_reply(scale_of(json.loads(reply.body)), headers=(status.AUDIT,)) if reply.status == 200 else reply

    def _patch(self, request: Request, kind: ApiResource, key: Key, write: Write, change: Change = patched) -> Reply:
        table = self.store.table(kind)
        entry = table.entries.get(key)
        if entry is None:
            return status.not_found(kind, key[1])
        try:
            after = change(request, kind, json.loads(entry.whole))
            if (field := missing_image(after)) is not None:
                return status.invalid(kind, key[1], field)
            if not write(kind, key, after, request.query.get("fieldManager", "")):
                return status.not_allowed()
        except PatchRefused as refusal:
            return refusal.reply
        return Reply(200, table.entries[key].whole, (status.AUDIT,))

    # ---- lists

    def _list(self, request: Request, kind: ApiResource, matches: Callable[[Key, StoredObject], bool]) -> Reply:
        store, table = self.store, self.store.table(kind)
        limit = _number(request.query.get("limit", ""), "limit") or 0
        if request.query.get("resourceVersion") == "0" and not request.query.get("continue"):
            limit = 0  # served from the watch cache, which ignores it
        version, start = store.version, ("", "")
        if token := request.query.get("continue", ""):
            page_version, start = _read_token(token)
            if 0 <= page_version < table.oldest:
                return status.expired_page(_token(-1, start))
            version = page_version if page_version >= 0 else version
        keys = [key for key in table.sorted_keys() if key > start and matches(key, table.entries[key])]
        page = keys[:limit] if limit else keys
        metadata: dict[str, object] = {"resourceVersion": str(version)}
        if len(page) < len(keys):
            metadata["continue"] = _token(version, page[-1])
            if "labelSelector" not in request.query and "fieldSelector" not in request.query:
                metadata["remainingItemCount"] = len(keys) - len(page)
        items = [table.entries[key].item for key in page]
        if (view := view_of(request.headers.get("accept", ""), kind)) is not None:
            return json_reply(view(kind, metadata, items), headers=(status.AUDIT,))
        head = json.dumps(
            {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata}, separators=(",", ":")
        )
        return Reply(200, b'%s,"items":[%s]}\n' % (head[:-1].encode(), b",".join(items)), (status.AUDIT,))

    def _watch(self, request: Request, kind: ApiResource, matches: Callable[[Key, StoredObject], bool]) -> Reply:
        query = request.query
        version = _number(query.get("resourceVersion", ""), "resourceVersion")
        seconds = _number(query.get("timeoutSeconds", ""), "timeoutSeconds") or random.randint(1800, 3600)  # noqa: S311
        initial = query.get("sendInitialEvents") == "true" or not version
        watch = Watch(self.store, kind, matches, bookmarks=query.get("allowWatchBookmarks") in ("1", "true"), seconds=seconds)
        return Reply(200, b"", (status.AUDIT,), watch.run(version or None, initial=initial))


def _verb(method: str, watch: bool, has_name: bool) -> str:
    if method == "GET":
        return "get" if has_name else "watch" if watch else "list"
    return {"POST": "create", "PUT": "update", "PATCH": "patch"}.get(method, "delete" if has_name else "deletecollection")


def _number(text: str, parameter: str) -> int | None:
    if not text:
        return None
    if not text.isdigit():
        raise ValueError(f'invalid value for {parameter}: strconv.ParseUint: parsing "{text[:60]}": invalid syntax')
    return int(text)


def _token(version: int, start: Key) -> str:
    """As the server writes it: opaque to clients, base64 of version and the key to start after."""
    body = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": "/".join(start) + "\0"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()


def _read_token(token: str) -> tuple[int, Key]:
    try:
        fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = str(fields["start"]).rstrip("\0").partition("/")
        return int(fields["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ValueError("continue key is not valid: illegal base64 data or unrecognized encoded version") from error


def _selection(namespace: str, query: Mapping[str, str]) -> Callable[[Key, StoredObject], bool]:
    """The objects asked for: those of a namespace, of one name, or with labels (equality only)."""
    fields = _pairs(query.get("fieldSelector", ""), "fieldSelector")
    labels = _pairs(query.get("labelSelector", ""), "labelSelector")
    names = {"metadata.name": fields.pop("metadata.name", ""), "metadata.namespace": fields.pop("metadata.namespace", "")}
    node, involved = fields.pop("spec.nodeName", ""), fields.pop("involvedObject.uid", "")
    if fields:
        raise ValueError(f"field label not supported: {', '.join(fields)}")

    def matches(key: Key, entry: StoredObject) -> bool:
        if (namespace or names["metadata.namespace"] or key[0]) != key[0] or (names["metadata.name"] or key[1]) != key[1]:
            return False
        if not labels and not node and not involved:
            return True
        body = json.loads(entry.item)
        if involved and body.get("involvedObject", {}).get("uid") != involved:
            return False
        own_labels = body["metadata"].get("labels") or {}
        return all(own_labels.get(name) == value for name, value in labels.items()) and (
            not node or body["spec"].get("nodeName") == node
        )

    return matches


def _pairs(text: str, selector: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, sign, value = part.partition("=")
        if not sign or name.endswith("!"):
            raise ValueError(f"unable to parse requirement of {selector}: {part[:60]}")
        pairs[name] = value.lstrip("=")
    return pairs
