"""Hangs artifacts on images: found by the referrers API, or where there is none by the tag schema (distribution-spec v1.1)."""

from __future__ import annotations

import json
from datetime import datetime

from tui.demo.content import OCI, Json, Stored, digest_of, encode
from tui.demo.estate.images import LEGACY
from tui.demo.estate.publisher import ImagePublisher, Published

__all__ = ["attach", "moment_after", "push_tagged"]

SOON = 0.02  # days after the image


def moment_after(yard: ImagePublisher, published: Published, days: float = SOON) -> datetime:
    """A while after a version was pushed; of one that is pushed while the demo runs, the same moment."""
    return yard.moment(published.age if published.age < 0 else published.age - days)


def attach(yard: ImagePublisher, published: Published, stored: Stored) -> None:
    """Push an artifact whose subject is a manifest of this version."""
    host, _, repository = published.name.partition("/")
    contents = yard.shelf(host).repositories[repository]
    contents.put(stored, moment_after(yard, published))
    if host == LEGACY:  # its registry has no referrers API
        _list_by_tag(yard, published, stored)


def _list_by_tag(yard: ImagePublisher, published: Published, stored: Stored) -> None:
    host, _, repository = published.name.partition("/")
    contents = yard.shelf(host).repositories[repository]
    tag = stored.subject.replace(":", "-")
    row = contents.find(tag)
    listed = json.loads(row.stored.body)["manifests"] if row else []
    descriptor: Json = {"mediaType": stored.media_type, "digest": stored.digest, "size": len(stored.body)}
    kind = stored.artifact_type or stored.config_media_type
    children = (*listed, {**descriptor, "artifactType": kind, "annotations": dict(stored.annotations)})
    body = encode({"schemaVersion": 2, "mediaType": OCI.index, "manifests": list(children)})
    index = Stored(digest_of(body), OCI.index, body, len(body), children=children)
    if row is not None:
        del contents.rows[row.stored.digest]
    contents.put(index, moment_after(yard, published))
    contents.tag(tag, index.digest, moment_after(yard, published))


def push_tagged(yard: ImagePublisher, published: Published, stored: Stored, tag: str, name: str = "") -> None:
    """Push a manifest under a tag beside a version; `name` is another repository that holds the version too."""
    host, _, repository = (name or published.name).partition("/")
    contents = yard.shelf(host).repositories[repository]
    contents.put(stored, moment_after(yard, published))
    contents.tag(tag, stored.digest, moment_after(yard, published))
