"""What builds and people hang on images beside signatures: lists of packages, reports of a pipeline's scan, statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from tui.demo.content import Json, encode, store_artifact
from tui.demo.estate.attaching import attach
from tui.demo.estate.images import CONTOSO
from tui.demo.estate.publisher import ImagePublisher, Published
from tui.demo.moments import kube_time
from tui.demo.vulnerabilities.documents import cyclonedx, cyclonedx_vex, openvex, sarif, spdx
from tui.demo.vulnerabilities.images import Scanned, ScannedImages
from tui.demo.vulnerabilities.trivy import trivy_report

__all__ = ["DOCUMENTS", "STATEMENTS", "attach_reports"]

Write = Callable[[Scanned, datetime], Json]
_SPDX, _CYCLONEDX = "application/spdx+json", "application/vnd.cyclonedx+json"
_TRIVY, _SARIF, _OPENVEX = "application/vnd.aquasec.trivy.report+json", "application/sarif+json", "application/vnd.openvex+json"

# The newest versions of these get them.
DOCUMENTS: Mapping[str, tuple[str, Write]] = {
    "payments/api": (_SPDX, spdx),
    "payments/gateway": (_SPDX, spdx),
    "payments/settlement": (_SPDX, spdx),
    "checkout/cart": (_CYCLONEDX, cyclonedx),
    "checkout/tax": (_CYCLONEDX, cyclonedx),
    "data/etl": (_TRIVY, trivy_report),
    "platform/gateway": (_TRIVY, trivy_report),
    "notify/push": (_SARIF, sarif),
    "notify/sms": (_SARIF, sarif),
}
# By number: status and why, in the words of each format.
STATEMENTS: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
    "catalog/media": (
        _OPENVEX,
        {
            "CVE-2026-90489": ("not_affected", "vulnerable_code_not_in_execute_path"),
            "CVE-2018-20796": ("not_affected", "inline_mitigations_already_exist"),
        },
    ),
    "loyalty/points": (
        _CYCLONEDX,
        {"CVE-2026-90222": ("not_affected", "code_not_reachable"), "CVE-2026-90210": ("in_triage", "")},
    ),
    "ml/serving": (_OPENVEX, {"CVE-2026-90481": ("affected", ""), "CVE-2026-90483": ("under_investigation", "")}),
}


def attach_reports(yard: ImagePublisher, images: ScannedImages) -> None:
    """Attach them all."""
    for name, (kind, write) in DOCUMENTS.items():
        _attach(yard, images, yard.newest(f"{CONTOSO}/{name}"), kind, write)
    for name, (kind, states) in STATEMENTS.items():
        write = partial(openvex if kind == _OPENVEX else cyclonedx_vex, states=states)
        _attach(yard, images, yard.newest(f"{CONTOSO}/{name}"), kind, write)


def _attach(yard: ImagePublisher, images: ScannedImages, published: Published, kind: str, write: Write) -> None:
    moment = yard.moment(published.age - 0.02)
    body = encode(write(images.published(published), moment))
    created = {"org.opencontainers.image.created": kube_time(moment)}
    attach(yard, published, store_artifact(published.stored[-1], kind, body, kind, created))
