"""Every text can be read on every ground that it stands on."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from tui.ui.screens.themes import DARK, LIGHT, SAFE, THEMES, defaults_for, theme_named
from widgets.painted import GROUNDS, ROLES

QUIET = {"faint", "line"}
"""Roles of guides and rules; they carry no words."""


GROUND_NAMES = {
    "background",
    "panel",
    *(paint.variable for paint in GROUNDS.values()),
    *(paint.ground for paint in ROLES.values()),
}
WANTED = (GROUND_NAMES | {paint.variable for paint in ROLES.values()}) - {""}


def contrast(one: Color, other: Color) -> float:
    """The ratio of WCAG 2.1, 1.4.3: relative luminances, each with 0.05 of flare."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def variables(theme: Theme) -> dict[str, str]:
    return {**defaults_for(theme), **theme.to_color_system().generate(), **theme.variables}


@pytest.mark.parametrize("theme", [DARK, LIGHT, SAFE], ids=lambda theme: theme.name)
def test_words_have_a_contrast_of_at_least_four_and_a_half(theme: Theme) -> None:
    named = variables(theme)
    found = {name: Color.parse(named[name]) for name in WANTED}
    for role, paint in ROLES.items():
        if role in QUIET or not paint.variable:
            continue
        cursor = () if role in ("dim",) else (GROUNDS["cursor"].variable,)
        grounds = (paint.ground,) if paint.ground else ("background", "panel", *cursor)
        for ground in grounds:
            ratio = contrast(found[paint.variable], found[ground])
            assert ratio >= 4.5, f"{role} on {ground}: {ratio:.2f}"


def test_short_names_of_themes_are_understood() -> None:
    assert theme_named("light") == "trustree-light"
    assert theme_named("") == "trustree"
    assert theme_named("16") == "trustree-16"
    assert len({theme.name for theme in THEMES}) == 4
