"""What is asked of images.

A policy holds rules; checks see rules only, so that scopes can choose between several sets of them. Built in: trusted are
Azure registries that are ours and that somebody is signed in to, and Microsoft's own (`mcr.microsoft.com`); nothing else is,
be it ever so well known.
"""

from __future__ import annotations

import msgspec

from tui.domain.facts.freshness import Limits
from tui.domain.facts.patterns import Pattern, is_azure_registry, parse_pattern
from tui.domain.policy.rules import Rules
from tui.domain.policy.scopes import Scope
from tui.domain.policy.waivers import PolicyException

__all__ = ["Pattern", "Policy", "Rules", "built_in", "is_azure_registry", "parse_pattern"]


class Policy(msgspec.Struct, frozen=True):
    """Rules, the scopes that say otherwise, and exceptions; `path` is the file, empty for what is built in.

    `limits` say how old each kind of fact may be.
    """

    name: str
    rules: Rules
    scopes: tuple[Scope, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    path: str = ""
    limits: Limits = Limits()


def built_in() -> Policy:
    """The policy without a file, as `tui/policies/builtin.toml` writes it."""
    return Policy("built in", Rules(trusted=(parse_pattern("mcr.microsoft.com"),)))
