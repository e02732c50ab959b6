"""The clusters' own gates: constraints of Gatekeeper and Azure Policy, and Ratify's configuration. Begin with `source`."""

from tui.sources.admission.source import GateSource

__all__ = ["GateSource"]
