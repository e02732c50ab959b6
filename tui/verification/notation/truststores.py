"""Trust stores as they were read, for judging to look names up in."""

from __future__ import annotations

from functools import cached_property

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


class TrustStores(msgspec.Struct, frozen=True, dict=True):
    """Every store that the policy names, read once."""

    stores: tuple[TrustStore, ...] = ()

    def get(self, kind: StoreType, name: str) -> TrustStore:
        """The store, or one that says that it was never read."""
        stores = (store for store in self.stores if store.kind is kind and store.name == name)
        return next(stores, TrustStore(kind, name, fault=f"the trust store {kind}:{name} does not exist"))

    def together(self, kind: StoreType, names: tuple[str, ...]) -> TrustStore:
        """All that these stores hold; one that cannot be used spoils them all."""
        store = self._together.get((kind, names))
        if store is None:
            stores = [self.get(kind, name) for name in names]
            fault = next((store.fault for store in stores if store.fault), "")
            certificates = tuple(certificate for store in stores for certificate in store.certificates)
            store = self._together[kind, names] = TrustStore(kind, ", ".join(names), certificates, fault)
        return store

    @cached_property
    def _together(self) -> dict[tuple[StoreType, tuple[str, ...]], TrustStore]:
        """What was put together before: most signatures are held against the same few stores."""
        return {}
