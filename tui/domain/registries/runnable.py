"""What a node could run, decided once for all checks: whoever may push can write into a manifest whatever hides it.

Runtimes look at platforms, layers and configurations only (containerd `images.Manifest`, and its unpacker), never at
annotations, at `artifactType` or at what a manifest is meant for. So only what no runtime can run is left out of what an index
could run; what was not read could be anything.
"""

from __future__ import annotations

from tui.domain.facts.image import DOCKER_CONFIG, OCI_CONFIG, Descriptor, Manifest, ManifestKind

__all__ = ["IMAGE_CONFIGS", "could_run", "is_attestation", "says_attestation"]

IMAGE_CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})
"""What containerd, docker and buildah write for configs of images; other config types mark artifacts (OCI image-spec)."""
_EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
"""The digest of `{}` (OCI image-spec, "Guidance for an Empty Descriptor"): it names no layer, so nothing can be unpacked."""
# containerd images.IsLayerType: whatever begins so is taken for a layer of a file system.
_LAYERS = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
_TYPE, _ATTESTATION = "vnd.docker.reference.type", "attestation-manifest"
_UNKNOWN = "unknown"


def could_run(manifest: Manifest) -> bool:
    """Whether a node might run the manifest, or something in it: false only where it certainly cannot."""
    if manifest.kind is ManifestKind.INDEX:
        return True
    if manifest.config is None or manifest.config.digest == _EMPTY:
        return False
    if not manifest.layers:
        return manifest.config.media_type in IMAGE_CONFIGS  # what it runs may be mounted into it
    return not all(_is_statement(layer.media_type) for layer in manifest.layers)


def _is_statement(media_type: str) -> bool:
    """Whether a layer is text about something (in-toto, signatures, SBOMs): nobody unpacks that."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind.startswith(_LAYERS):
        return False
    return kind.startswith("text/") or kind.endswith(("json", "xml")) or kind == "application/cose"


def says_attestation(child: Descriptor) -> bool:
    """Whether an index presents an entry as BuildKit's attestation (docs/attestations/attestation-storage.md)."""
    platform = child.platform
    unknown = platform is not None and platform.os == _UNKNOWN and platform.architecture == _UNKNOWN
    return unknown and child.annotations.get(_TYPE) == _ATTESTATION


def is_attestation(child: Descriptor, manifest: Manifest) -> bool:
    """Whether an entry is an attestation: it is presented as one, and what it names is nothing that could run."""
    return says_attestation(child) and not could_run(manifest)
