"""What is called so that its value is a credential: variables of the environment, flags, parameters of jobs.

Names of the fields of an object of Kubernetes are not meant: `secretName`, `topologyKey` say what something else is called.
"""

from __future__ import annotations

import re

from tui.domain.common.lookalikes import as_latin
from tui.domain.common.redaction import redact

__all__ = ["holds_credentials", "names_credential", "names_reference"]

LONGEST = 400
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ANYWHERE_TEXT = (
    "password passwords passwd pwd pass passphrase passcode secret secrets token tokens credential credentials cred creds"
    " htpasswd dockerconfigjson dockercfg apikey apikeys accesskey accountkey privatekey"
)
_ANYWHERE = frozenset(_ANYWHERE_TEXT.split())
_LAST_TEXT = "key keys auth pin pat sas salt cookie"
_LAST = frozenset(_LAST_TEXT.split())
"""Words that mean a credential only where nothing but its place or number follows."""
_ENDINGS = ("password", "passwd", "passphrase", "secret", "apikey", "requirepass", "masterauth")
_BEHIND_TEXT = "base value values config json txt b v prod production test dev staging old new current previous next"
_BEHIND = frozenset(_BEHIND_TEXT.split())
_ABOUT_TEXT = (
    "file files path dir directory folder name names url uri host hostname endpoint address server service port ttl expiry"
    " expiration expires lifetime enabled enable disabled type kind length algorithm alg id ids issuer audience version mode"
    " required seconds minutes hours days timeout prefix suffix header count size interval rotation provider method realm scheme"
    " store vault ref mount class policy age limit format region namespace location source"
)
_ABOUT = frozenset(_ABOUT_TEXT.split())
"""Words at the end of a name by which it is about a credential, and is none."""
_REFERRING_TEXT = (
    "key user username login email optional operator property encoding usage usages group scope scopes claim claims items"
    " selector kind api"
)
_REFERRING = _ABOUT | frozenset(_REFERRING_TEXT.split())
"""The same of what stands inside something that is called a credential: `secretKeyRef: {name, key}`."""
_KEPT_TEXT = "api access account private signing encryption secret shared master license ssh"
_KEPT = frozenset(_KEPT_TEXT.split())
"""Words before `keys` by which these are credentials; those of labels and topologies are not."""


def names_credential(name: str) -> bool:
    """Whether a value of this name is a credential."""
    head = f"{as_latin(name[:LONGEST])[:LONGEST]}="
    if redact(f"{head}x") != f"{head}x":
        return True
    words = _words(name)
    if not words or words[-1] in _ABOUT:
        return False
    if any(word in _ANYWHERE or word.endswith(_ENDINGS) for word in words):
        return True
    while len(words) > 1 and words[-1] in _BEHIND:
        words.pop()
    return words[-1] in _LAST and words[-2:-1] != ["public"]


def holds_credentials(name: str) -> bool:
    """Whether what stands in a list or a map of this name, of a field of Kubernetes too, are credentials."""
    words = _words(name)
    if not words or words[-1] in _ABOUT or words[-2:] == ["pull", "secrets"]:
        return False
    if words[-1] in ("key", "keys"):
        return words[-2:-1] != [] and words[-2] in _KEPT
    return words[-1] in _ANYWHERE or words[-1].endswith(_ENDINGS)


def names_reference(name: str) -> bool:
    """Whether a value of this name, inside what holds credentials, says where one is or what it is like."""
    words = _words(name)
    return bool(words) and words[-1] in _REFERRING


def _words(name: str) -> list[str]:
    """The words of a name as it looks, in small letters."""
    return [word.lower() for word in _WORD.findall(as_latin(name[:LONGEST]))]
