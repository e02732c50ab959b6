"""Label selectors (kubernetes.io/docs/concepts/overview/working-with-objects/labels)."""

from __future__ import annotations

from collections.abc import Mapping

from tui.sources.cluster.rollout.wire import SelectorWire

__all__ = ["selector_text", "selects"]


def selector_text(selector: SelectorWire) -> str:
    """As the query of a list takes it; empty for one that selects everything."""
    parts = [f"{key}={value}" for key, value in sorted((selector.match_labels or {}).items())]
    for requirement in selector.match_expressions or ():
        values = f"({','.join(requirement.values or ())})"
        match requirement.operator:
            case "In":
                parts.append(f"{requirement.key} in {values}")
            case "NotIn":
                parts.append(f"{requirement.key} notin {values}")
            case "Exists":
                parts.append(requirement.key)
            case "DoesNotExist":
                parts.append(f"!{requirement.key}")
    return ",".join(parts)


def selects(selector: SelectorWire, labels: Mapping[str, str]) -> bool:
    """Whether labels match; an empty selector matches all."""
    if any(labels.get(key) != value for key, value in (selector.match_labels or {}).items()):
        return False
    return all(
        _holds(requirement.operator, requirement.key, requirement.values or (), labels)
        for requirement in selector.match_expressions or ()
    )


def _holds(operator: str, key: str, values: list[str] | tuple[str, ...], labels: Mapping[str, str]) -> bool:
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
