"""What to do about a system that gets no more fixes: to which release to move, and what is to be moved first."""

from __future__ import annotations

from datetime import date, timedelta

from tui.domain.checks.context import ImageContext
from tui.domain.common.trust import State
from tui.domain.lineage.base_steps import title_of
from tui.domain.lineage.endoflife import Product, end_of_life, newest_release, parse_product
from tui.domain.registries.public import is_public
from tui.domain.snapshot.snapshot import BaseLink, BaseState

__all__ = ["SOON", "base_step_of", "has_ended", "is_renewed", "move_of", "move_to", "operating_system"]

SOON = timedelta(days=90)
"""How long before its end a release warns."""


def operating_system(context: ImageContext) -> Product | None:
    """What the history or the labels tell, else what a scanner saw that still answers."""
    lost = dict(context.scanners.lost)
    texts = (context.system, *(report.os for report in context.scan.reports if report.source not in lost))
    return next((product for text in texts if text and (product := parse_product(text)) is not None), None)


def has_ended(product: Product, today: date) -> bool:
    """Whether a release gets no fixes any more."""
    ends = end_of_life(product)
    return ends is not None and ends <= today


def is_renewed(context: ImageContext) -> bool:
    """Whether the newest build of the base stands on a release that gets fixes: then a rebuild is all that is needed."""
    product = parse_product(context.renewed) if context.renewed else None
    ends = end_of_life(product) if product is not None else None
    return ends is not None and ends - context.now.date() > SOON


def base_step_of(context: ImageContext) -> str:
    """What mends the base of an image, where that is not the newest; empty where it is, or nobody knows."""
    return context.base.step if context.base is not None and context.base.state is BaseState.OUTDATED else ""


def move_of(context: ImageContext) -> str:
    """What is to be done about the system of an image that has ended, before all else; empty when nothing is."""
    product, today = operating_system(context), context.now.date()
    if context.rules.base_end_of_life is State.OFF or product is None or not has_ended(product, today) or is_renewed(context):
        return ""
    return move_to(context, product, today)


def move_to(context: ImageContext, product: Product, today: date) -> str:
    """The sentence that names the newest release, and the base that brings it: an image cannot leave its base's system."""
    newest = newest_release(product.name, today)
    target = f"{newest[0]}, which has fixes until {newest[1]}" if newest is not None else f"a system other than {product}"
    link = context.link
    if link is None or not link.base.repository:
        return f"Move to {target}."
    if _is_system(link, product):
        return f"Move from {title_of(link)} to {target}."
    if is_public(link.base.registry):
        return f"Move to a build of {link.base.name} on {target}."
    return f"Build {title_of(link)} on {target}; then rebuild this image on it."


def _is_system(link: BaseLink, product: Product) -> bool:
    """Whether a base is a distribution's own image, by its name: what stands on it chooses the release."""
    last = link.base.repository.rpartition("/")[2]
    return last.startswith(("ubi", "rhel") if product.name == "rhel" else product.name)
