"""What a node reports for a container: the imageID in the form of its runtime (kubelet: ImageID is CRI's image_ref)."""

from __future__ import annotations

from tui.demo.estate.publisher import ImagePublisher, Published
from tui.demo.estate.special import made_up
from tui.demo.estate.work import Form

__all__ = ["NodeImages", "split"]


def split(image: str) -> tuple[str, str]:
    """`host/repository` and tag, as containerd completes a name; a digest behind it is left out."""
    image = image.partition("@")[0]
    name, _, tag = image.rpartition(":") if ":" in image.rpartition("/")[2] else (image, "", "latest")
    first = name.partition("/")[0]
    if "." not in first and ":" not in first and first != "localhost":
        name = f"docker.io/{name}" if "/" in name else f"docker.io/library/{name}"
    return name, tag


class NodeImages:
    """Resolves references against the registries as they were when the pods started."""

    def __init__(self, yard: ImagePublisher) -> None:
        self._yard = yard

    def pinned(self, image: str, tag: str) -> str:
        """The reference with the digest that a tag had when it was pushed."""
        published = self._find(split(image)[0], tag)
        return f"{image}@{published.digest}" if published else image

    def shown(self, image: str, run: str, arch: str) -> str:
        """`status.image`: containerd shows the config's digest for an image that was pulled by digest."""
        published = self._find(split(image)[0], run) if "@" in image else None
        return published.config(arch) if published else image

    def image_id(self, image: str, form: Form = Form.DIGEST, run: str = "", arch: str = "amd64") -> str:
        """The imageID of a running container; `run` is the tag that it was pulled under, the present one when empty."""
        name, tag = split(image)
        published = self._find(name, run or tag)
        if published is None:
            return f"{name}@{made_up(image)}"
        match form:
            case Form.BARE:
                return published.config(arch).removeprefix("sha256:")
            case Form.CONFIG:
                return published.config(arch)
            case Form.DOCKER:
                return f"docker-pullable://{name}@{published.digest}"
            case Form.PLATFORM:
                return f"{name}@{published.images[arch].digest}"
            case Form.OTHER_NAME:
                return f"{published.name}@{published.digest}"
            case Form.DIGEST:
                return f"{name}@{published.digest}"

    def pulled(self, image: str) -> str:
        """The imageID of a container that starts now: what its registry names by the tag at this moment.

        Registries that are not served have what they always had. Raises LookupError with the words of the node's runtime.
        """
        name, tag = split(image)
        host, _, repository = name.partition("/")
        shelf = self._yard.shelves.get(host)
        if shelf is None:
            return f"{name}@{made_up(image)}"
        digest = image.partition("@")[2]
        contents = shelf.open(repository)
        row = contents.find(digest or tag) if contents else None
        if contents is None or row is None:
            ref = f"{host}/{repository}{f'@{digest}' if digest else f':{tag}'}"
            raise LookupError(f'failed to pull and unpack image "{ref}": failed to resolve reference "{ref}": {ref}: not found')
        if not contents.readable(digest or tag):
            raise LookupError(f'failed to pull and unpack image "{image}": The operation is disallowed on this registry')
        return f"{name}@{row.stored.digest}"

    def _find(self, name: str, tag: str) -> Published | None:
        for published in reversed(self._yard.published.get(name, [])):
            if published.tag == tag:
                return published
        host, _, repository = name.partition("/")
        shelf = self._yard.shelves.get(host)
        contents = shelf.repositories.get(repository) if shelf else None
        row = contents.find(tag) if contents else None
        if row is None:
            return None
        digest = row.stored.digest
        everything = (published for line in self._yard.published.values() for published in line)
        return next((published for published in everything if published.digest == digest), None)
