"""The shapes of the signature fixtures: each case with its verdict and reason, and which algorithms and forms are valid."""

from __future__ import annotations

import json

from tests.sources.signatures.fixtures import SIGNATURES, Case, indexed, read
from tui.domain.facts.signature import Outcome

__all__ = ["signature_shapes", "write_signatures"]

_ALGORITHMS = {"rsa2048": "PS256", "rsa3072": "PS384", "rsa4096": "PS512", "ec256": "ES256", "ec384": "ES384", "ec521": "ES512"}


def write_signatures() -> None:
    """Make them anew."""
    SIGNATURES.write_text(signature_shapes(), encoding="utf-8")


def signature_shapes() -> str:
    """Verdicts are those of the index, which other verifiers gave; the reasons are ours, of fixtures that end in these."""
    from tests.sources.signatures import test_cosign_fixtures as cosign
    from tests.sources.signatures import test_notation_fixtures as notation

    lines = [
        "# Signatures of each case, made by notation, cosign and others, and how they end. Made by `python -m tests.shapes`."
    ]
    for case in indexed("notation"):
        lines += _case("notation", case, "" if _unasked(case) else _reason(notation.outcome_of(case, notation.CONFIG), case))
    for case in indexed("cosign"):
        lines += _case("cosign", case, cosign.outcome_of(case).reason)
    for entry in json.loads(read("generated/index.json")):
        algorithm = _ALGORITHMS[entry["file"].partition(".")[0]]
        members = {
            "algorithm": algorithm,
            "scheme": entry["scheme"],
            "media_type": entry["mediaType"],
            "verdict": entry["verdict"],
        }
        lines += ["", "[[envelope]]", *(f'{name} = "{value}"' for name, value in members.items())]
    return "\n".join(lines) + "\n"


def _reason(outcome: Outcome, case: Case) -> str:
    """Why the step ended so that the index names; more than one may have."""
    return next((step.reason for step in outcome.steps if step.name == case.step and step.reason), outcome.reason)


def _unasked(case: Case) -> bool:
    """What is refused before it is judged, or ends by the clock."""
    return case.name.endswith("identity empty value") or " or " in case.verdict


def _case(system: str, case: Case, reason: str) -> list[str]:
    return ["", f"[[{system}]]", f'case = "{case.name}"', f'verdict = "{case.verdict}"', f'reason = "{reason}"']
