"""What must never be shown or written down: credentials, wherever they turn up in a text; and nothing else.

A text about credentials is an answer ("failed to fetch anonymous token: unexpected status: 401 Unauthorized") and stays whole.
What is hidden is a value: after `=` whatever stands there, after a colon or a space what is quoted or looks like a secret rather
than like the next word of a sentence.
"""

from __future__ import annotations

import re

from tui.domain.common.text import clean

__all__ = ["quoted", "redact"]

HIDDEN = "[hidden]"
MARGIN = 8192
"""Characters beyond what is shown that are looked at: what is cut there is not seen."""
LOOK_AHEAD = 80
_NAMES = (
    r"x-registry-auth|x-identity-header|identity[_-]header|x-[\w-]{0,24}(?:token|key|secret|signature)|x-ms-authorization\w{0,24}"
    r"|(?:private|job|deploy)-token|client[_-]?secret|client[_-]?assertion|client[_-]?key[_-]?data|assertion"
    r"|(?:access|refresh|id|identity|bearer|auth|sas|session|security)[_-]?token|token|pass(?:word|wd|phrase|code)|pwd|secret"
    r"|(?:api|account|access|subscription|secret|private|shared[_-]?access|functions)[_-]?key|shared[_-]?access[_-]?signature"
)
_PASSWORDS = r"pass(?:word|wd|phrase|code)|pwd"
# Within a text in JSON, then plain; the last is one whose end was cut away.
_QUOTED = r"\\\"(?:[^\"\\]|\\(?!\"))*\\\"|\"(?:[^\"\\]|\\.)*\"|'[^']*'|`[^`]*`|[\"'`].*\Z"
_VALUE = rf"(?:{_QUOTED}|[^\s\"'`&;]+)"
# Between a name and its value: `client secret provided: X`, `password is X`.
_SAID = (
    r"(?:provided|given|used|sent|supplied|received|entered|specified|value|was|is|got|rejected|refused|invalid|incorrect|wrong)"
)
_WORD = r"[A-Za-z][a-z]*(?:[-'’][a-z]+)*"
"""A word as sentences are made of."""
_SCHEMES = "basic|bearer|negotiate|ntlm|digest|token|apikey|sharedaccesssignature|sharedkey"
_ONE_WORD = (
    "authentication authorization denied disabled empty eof error expected expired failed failure forbidden incorrect"
    " insufficient invalid is malformed mismatch missing must no none not null rejected required refused revoked timeout"
    " unauthorized unexpected unknown unset unsupported wrong yes true false accepted changed correct entered found given ignored"
    " present provided received reset sent set specified supplied used valid"
)
"""What is said of a credential in one word."""
_ABOUT_FLAGS = (
    "a an and as at by can cannot file flag for from given has here in instead it may needs of on option or set should that the"
    " to was which with"
)
_VERDICTS = frozenset(_ONE_WORD.split())
_AFTER_FLAGS = _VERDICTS | frozenset(_ABOUT_FLAGS.split())
_SHAPES = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}",
    r"\bgh[pousr]_[A-Za-z0-9]{10,}|\bgithub_pat_\w{10,}|\bgl(?:pat|rt|dt|ft|cbt)-[\w.-]{10,}|\bdckr_[po]at_[\w-]{10,}",
    r"\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{10,}|\bhv[sb]\.[\w-]{20,}|\bsha256~[\w-]{20,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}",
    # Secrets of Entra applications, passwords of ACR (`+ACR`), keys of storage accounts (`+ASt`) and of Azure DevOps.
    r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}|[A-Za-z0-9/+]{20,100}\+A(?:CR|St)[A-Za-z0-9/+]{4,}={0,2}|\w{40,100}AZDO\w{4}",
)
_Rule = tuple[re.Pattern[str], str | None]


def _rule(pattern: str, replacement: str | None = None, flags: int = re.IGNORECASE) -> _Rule:
    return re.compile(pattern, flags), replacement


# Order matters: whole shapes, headers and URLs first, then names with values. Without a replacement prose stays.
_RULES: tuple[_Rule, ...] = (
    *(_rule(shape, HIDDEN, re.DOTALL) for shape in _SHAPES),
    _rule(rf"((?:proxy-)?authorization|(?:set-)?cookie)(\\?[\"']?\s*[:=]\s*)({_QUOTED}|[^\r\n]+)"),
    _rule(r"([?&](?:code|sig|signature|x-amz-[a-z-]{1,30})=)[^&\s\"']+", rf"\1{HIDDEN}"),
    # Not after `basic` or `bearer`: a word, or a parameter of a challenge (`Bearer realm="..."`).
    _rule(
        rf"\b((?:bearer|basic|negotiate)\s+)(?!(?-i:{_WORD})(?![\w+/~.=-]))(?!\w+=[\"'h])[A-Za-z0-9._~+/=-]{{6,}}",
        rf"\1{HIDDEN}",
    ),
    # As drivers of databases for Go have it.
    _rule(r"([\w.+-]{1,100}:)[^\s:@/]{1,200}(?=@(?:tcp|udp|unix)\()", rf"\1{HIDDEN}"),
    # Users of URLs; a digest after `@` follows an image's name, and `git` is everybody.
    _rule(r"(\b[a-z][a-z0-9+.-]{0,20}://)(?!git@)[^/\s\"'<>?#]*@(?!sha\d+:)", rf"\1{HIDDEN}@"),
    _rule(rf"((?<![\w-])--?(?:{_NAMES}|pass|auth)(?:=|[ \t]+))({_VALUE})"),
    _rule(rf"((?:{_NAMES}|(?<![a-z])pass|(?<![a-z])sig)\\?[\"']?\s*=\s*)({_VALUE})", rf"\1{HIDDEN}"),
    _rule(rf"((?<![A-Za-z])(?:{_NAMES}|auth|secret_?value)\\?[\"']\s*:\s*)({_QUOTED}|\d[\w.]*)", rf"\1{HIDDEN}"),
    _rule(rf"((?<![A-Za-z])(?:{_NAMES})(?:\s+{_SAID}){{0,2}}\s*:\s*|(?<![A-Za-z])(?:{_NAMES})\s+(?:is|was)\s+)({_VALUE})"),
    _rule(rf"((?<![A-Za-z])(?:{_PASSWORDS})\s+)({_QUOTED})", rf"\1{HIDDEN}"),
    _rule(rf"((?<![A-Za-z])token\s+)(?=[\"'`][^\s\"'`]*\d)(?=[\"'`][^\s\"'`]{{8}})({_QUOTED})", rf"\1{HIDDEN}"),
)
# Names whose value stands behind them without a sign in between; what is prose there is told by how it looks.
_WHOLE = rf"(?:{_QUOTED}|[^\s\"'`]+)"
_SPACED = (
    rf"{_PASSWORDS}|client[ _-]?(?:secret|assertion)|(?:access|refresh|id|identity|bearer|auth|sas|session|security)[ _-]token"
    r"|api[ _-]token|(?:api|account|access|subscription|secret|shared[ _-]?access|functions)[ _-]?key"
    r"|(?:private|job|deploy)[ _-]token"
)
_BARE = (
    (re.compile(rf"((?<![A-Za-z])(?:{_SPACED})(?:\s+{_SAID}){{0,2}}\s+)({_WHOLE})", re.IGNORECASE), False),
    # Names of objects follow these, too: `secret "db-password" not found`.
    (re.compile(rf"((?<![\w-])(?:secret|token|pass)(?:\s+{_SAID}){{0,2}}\s+)({_WHOLE})", re.IGNORECASE), True),
    (re.compile(rf"((?<![\w-])-p[ \t]+)({_WHOLE})"), True),
)
_LOGIN = re.compile(
    rf"((?:\blogin\b|(?<![\w-])(?:-u|--user(?:name)?)[ =])[^\r\n]{{0,200}}?(?<![\w-])-p[ \t]*)(?![ \t]*-)({_WHOLE})",
    re.IGNORECASE,
)
"""`-p` where somebody signs in; elsewhere it means a port, a path, a project."""
_NO_SECRET = re.compile(
    r"\w+://.*|[~.]{0,2}/[\w./-]*|\$\{?[a-z_]\w*\}?|<[^>]*>?|\[hidden\].*|[\w.-]+=[^=].*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|oauth-?\d(?:\.\d)?|(?:hmac-?)?sha-?\d+(?:[:/-].*)?|md5|base64(?:url)?|utf-?\d+|x\.?509(?:v3)?|pkcs#?\d+|v\d{1,3}(?:\.\d+){0,3}(?:-[a-z]{1,6}\d?)?"
    r"|aadsts\d+|https?/\d.*|rfc-?\d+|ed25519|(?:secp|p-?|[rehp]s|aes-?|rsa-?)\d{3,4}[a-z]?\d?|\d{1,5}|\d{1,4}-?(?:bits?|bytes?|[smhdx]|ms|min|days?|hours?|st|nd|rd|th|times)"
    r"|20\d\d-[01]\d-[0-3]\d.*|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?",
    re.IGNORECASE | re.DOTALL,
)
_OBJECT = re.compile(r"[a-z0-9]+(?:[./:_-]+[a-z0-9]+)*")
"""A name as objects of Kubernetes, repositories and files have them."""
_SENTENCE = re.compile(rf"(?!(?i:{_SCHEMES})\s){_WORD}[,.;:!?)]*\s+[\"'(]?[A-Za-z]")
_STATUS = re.compile(r"[1-5]\d\d[,.;:)]*(?:\s+[A-Za-z(]|$)")


def redact(text: str) -> str:
    """The text without credentials: headers, tokens, signatures of SAS URLs, passwords in URLs, private keys."""
    for pattern, replacement in _RULES:
        text = pattern.sub(_unless_prose if replacement is None else replacement, text)
    text = _LOGIN.sub(_at_sign_in, text)
    for pattern, may_be_object in _BARE:
        text = pattern.sub(_if_secret_or_object if may_be_object else _if_secret, text)
    return text


def quoted(text: str, limit: int) -> str:
    """What an outside system or program said, for a message of ours: on one line, cut, and without credentials.

    Servers and plugins echo what they were sent: a header, a URL with its signature, a token that they refuse.
    """
    return clean(redact(text[: limit + MARGIN]), limit)


def _unless_prose(match: re.Match[str]) -> str:
    """The name with its value hidden; the whole where the value is how a sentence goes on."""
    *names, value = (group for group in match.groups() if group is not None)
    following = match.string[match.end() - len(value) : match.end() + LOOK_AHEAD]
    goes_on = _follows_flag(following) if match[0].startswith("-") else _is_prose(following)
    return match[0] if goes_on or following.startswith(HIDDEN) else f"{''.join(names)}{HIDDEN}"


def _if_secret(match: re.Match[str]) -> str:
    return f"{match[1]}{HIDDEN}" if _looks_secret(match[2]) else match[0]


def _if_secret_or_object(match: re.Match[str]) -> str:
    """The value hidden when it can be no name of an object either."""
    bare = _bare(match[2])
    return match[0] if _OBJECT.fullmatch(bare) or bare.isupper() else _if_secret(match)


def _at_sign_in(match: re.Match[str]) -> str:
    following = match.string[match.start(2) : match.end() + LOOK_AHEAD]
    plain = following.startswith(HIDDEN) or _NO_SECRET.fullmatch(_bare(match[2])) or _follows_flag(following)
    return match[0] if plain else f"{match[1]}{HIDDEN}"


def _bare(value: str) -> str:
    return value.strip("\\\"'`").lstrip("(").rstrip(",.;:!?)")


def _looks_secret(value: str) -> bool:
    """Whether something is no word of a sentence: digits among letters, signs within, or very many digits."""
    bare = _bare(value)
    if _NO_SECRET.fullmatch(bare):
        return False
    digits, letters = any(map(str.isdigit, bare)), any(map(str.isalpha, bare))
    signs = any(character in "!#$%^&*+=~@" for character in bare)
    return (digits and (letters or signs or len(bare) > 5)) or (letters and signs)


def _first_word(text: str) -> str:
    return (text.split(maxsplit=1) or [""])[0].rstrip(",.;:!?)")


def _follows_flag(text: str) -> bool:
    """Whether what follows a flag is the rest of a sentence about it, or the next flag."""
    return _first_word(text).lower() in _AFTER_FLAGS or text.startswith("-")


def _is_prose(text: str) -> bool:
    """Whether what follows a name is prose: a verdict, two words, a status, or nothing that could be a secret."""
    word = _first_word(text)
    if word.lower() in _VERDICTS or not any(character.isalnum() for character in word):
        return True
    return _SENTENCE.match(text) is not None or _STATUS.match(text) is not None
