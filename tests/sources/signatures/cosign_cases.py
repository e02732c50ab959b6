"""The cosign cases of the fixtures, made by our own keys and our own Sigstore instance."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cosigner import REPOSITORY, TYPE, CosignKey, b64, entry_body, logged, payload, public, sign
from tests.sources.signatures.instance import ISSUER, SUBJECT, Instance, spki
from tests.sources.signatures.signer import DIGEST
from tui.verification.cosign.keys import KeylessIdentity, TrustedKey
from tui.verification.cosign.simple import ANNOTATIONS, SimpleSignature, signature_of_layer

__all__ = ["Made"]

EMPTY = f"sha256:{hashlib.sha256().hexdigest()}"


class Made:
    """Keys by the names that the fixtures have for them, and a signature for each case."""

    def __init__(self) -> None:
        self._instance, self._stranger = Instance(), Instance("stranger")
        names = ("cosign.pub", "cosign2.pub", "rekor.pub")
        self._keys: dict[str, CosignKey] = {name: ec.generate_private_key(ec.SECP256R1()) for name in names}
        self._keys["rekor.pub"] = self._instance.log
        self.identity = KeylessIdentity(SUBJECT, ISSUER)
        self.certificate_log = TrustedKey("ct", spki(self._instance.certificate_log))

    @cached_property
    def _rsa(self) -> CosignKey:
        return rsa.generate_private_key(65537, 2048)

    def keys(self, *files: str) -> tuple[TrustedKey, ...]:
        """Public keys."""
        return tuple(public(self._rsa if file == "some-rsa-key.pub" else self._keys[file], file) for file in files)

    def fulcio(self, file: str = "fulcio_v1.crt.pem") -> tuple[bytes, ...]:
        """Certificates of authorities: those of the instance, or of another one."""
        instance = self._instance if file == "fulcio_v1.crt.pem" else self._stranger
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in (instance.between, instance.root))

    def signature(self, case: str) -> SimpleSignature:
        """A layer and its annotations, as the case has them."""
        if case.startswith("keyless"):
            own = ec.generate_private_key(ec.SECP256R1())
            content, notes = self._instance.simple(own, self._instance.issue(own))
            return _layer(content, notes)
        signed = {"key+rekor": "cosign2.pub"}.get(case.partition(" ")[0].partition(",")[0], "cosign.pub")
        key = self._rsa if case.startswith("mixed sig1") else self._keys[signed]
        content = payload(reference=f"{REPOSITORY}:latest" if "with tag" in case else REPOSITORY)
        signature = sign(key, content)
        notes = {"signature": b64(signature)}
        if case.startswith("key+rekor"):
            notes["bundle"] = json.dumps(logged(self._instance.log, entry_body(content, signature, key)))
        return _layer(content, notes, "text/plain" if "other attachment" in case else TYPE)

    def digest(self, case: str) -> str:
        """That of the manifest beside the signature."""
        if "no manifest" in case:
            return EMPTY
        return f"sha256:{'cd' * 32}" if case == "modified manifest" else DIGEST


def _layer(content: bytes, notes: dict[str, str], media_type: str = TYPE) -> SimpleSignature:
    return signature_of_layer(media_type, content, {ANNOTATIONS[name]: text for name, text in notes.items()})
