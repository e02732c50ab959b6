"""The colour themes: dark, light, one for sixteen colours, one for eyes that do not tell red from green."""

from __future__ import annotations

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

__all__ = ["DARK", "SIXTEEN", "THEMES", "defaults_for", "theme_named"]

BLENDS = {
    "words-dim": ("foreground", 0.72),
    "words-muted": ("foreground", 0.85),
    "words-faint": ("foreground", 0.4),
    "rule": ("foreground", 0.2),
    "selection": ("primary", 0.3),
    "selection-idle": ("primary", 0.15),
    "badge-text": ("background", 1.0),
}
"""How the variables of the style sheet are made for themes that do not set them: a colour, and how much of it on the ground."""


def defaults_for(theme: Theme) -> dict[str, str]:
    """The variables of the style sheet that a theme does not set, blended from its own colours."""
    blends = {name: blend for name, blend in BLENDS.items() if name not in theme.variables}
    if not blends:
        return {}
    colors = theme.to_color_system().generate()
    ground = Color.parse(colors["background"])
    if theme.ansi:
        return dict.fromkeys(blends, colors["foreground"]) | {"selection": "ansi_blue", "selection-idle": "ansi_bright_black"}
    return {name: ground.blend(Color.parse(colors[source]), part).hex for name, (source, part) in blends.items()}


DARK = Theme(
    name="trustree",
    primary="#5cc8e6",
    secondary="#b79cf0",
    accent="#5cc8e6",
    success="#6fbf8b",
    warning="#e6b450",
    error="#f07178",
    foreground="#d6dde6",
    background="#10151c",
    surface="#151c25",
    panel="#151c25",
    boost="#1b2430",
    dark=True,
    variables={
        "words-dim": "#7d8b9b",
        "words-muted": "#a3b0be",
        "words-faint": "#4a5868",
        "rule": "#263241",
        "selection": "#1e3042",
        "selection-idle": "#1b2733",
        "badge-text": "#10151c",
        "input-cursor-background": "#5cc8e6",
        "input-cursor-foreground": "#10151c",
    },
)
LIGHT = Theme(
    name="trustree-light",
    primary="#0b6a86",
    secondary="#6a44b8",
    accent="#0b6a86",
    success="#1f6f3d",
    warning="#8a5a00",
    error="#b3262e",
    foreground="#1d2733",
    background="#fbfcfd",
    surface="#f1f4f7",
    panel="#f1f4f7",
    boost="#e6ebf0",
    dark=False,
    variables={
        "words-dim": "#5a6775",
        "words-muted": "#47525e",
        "words-faint": "#a3afbb",
        "rule": "#d3dbe3",
        "selection": "#d3e6ef",
        "selection-idle": "#e6eef3",
        "badge-text": "#ffffff",
    },
)
SAFE = Theme(
    name="trustree-colour-blind",
    primary="#56b4e9",
    secondary="#cc9fe0",
    accent="#56b4e9",
    success="#3fb6a8",
    warning="#f0e442",
    error="#f08a3c",
    foreground="#dfe4ea",
    background="#10151c",
    surface="#151c25",
    panel="#151c25",
    boost="#1b2430",
    dark=True,
    variables=dict(DARK.variables),
)
SIXTEEN = Theme(
    name="trustree-16",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_bright_magenta",
    accent="ansi_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_bright_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "words-dim": "ansi_white",
        "words-muted": "ansi_bright_white",
        "words-faint": "ansi_bright_black",
        "rule": "ansi_bright_black",
        "selection": "ansi_blue",
        "selection-idle": "ansi_bright_black",
        "badge-text": "ansi_black",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_bright_white",
    },
)
THEMES = (DARK, LIGHT, SAFE, SIXTEEN)


def theme_named(name: str) -> str:
    """A theme's full name from the short one that a setting may hold (`light`, `16`); anything else is left as it is."""
    short = {theme.name.removeprefix("trustree-"): theme.name for theme in THEMES}
    return short.get(name, name) or DARK.name
