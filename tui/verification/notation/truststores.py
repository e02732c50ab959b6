"""Trust stores as they were read, for judging to look names up in."""

from __future__ import annotations

import msgspec

from tui.verification.notation.policy import StoreType

__all__ = ["TrustStore", "TrustStores"]


class TrustStore(msgspec.Struct, frozen=True):
    """One named store: DER certificates, or the sentence that says why it cannot be used; `notes` are for the operator."""

    kind: StoreType
    name: str
    certificates: tuple[bytes, ...] = ()
    fault: str = ""
    notes: tuple[str, ...] = ()


class TrustStores(msgspec.Struct, frozen=True):
    """Every store that the policy names, read once."""

    stores: tuple[TrustStore, ...] = ()

    def get(self, kind: StoreType, name: str) -> TrustStore:
        """The store, or one that says that it was never read."""
        stores = (store for store in self.stores if store.kind is kind and store.name == name)
        return next(stores, TrustStore(kind, name, fault=f"the trust store {kind}:{name} does not exist"))
