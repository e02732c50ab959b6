"""Short flags behind which a password stands: `-p` of many programs, and what others have instead.

Sources: the manual pages of mongosh, sshpass, mysql, redis-cli, sqlcmd, mosquitto_pub, ldapsearch, curl, docker, podman, skopeo,
oras, helm, az.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["HIDDEN", "hidden_in_flag", "is_password_flag", "without_passwords", "without_users_password"]

HIDDEN = "[hidden]"
_PROGRAMS = (
    (re.compile(r"(?:.*/)?(?:mongo\w*|sshpass|cqlsh|rabbitmqadmin)"), "-p"),
    (re.compile(r"(?:.*/)?(?:sqlcmd|bcp|mosquitto_\w+)"), "-P"),
    (re.compile(r"(?:.*/)?redis-\w+"), "-a"),
    (re.compile(r"(?:.*/)?ldap\w+"), "-w"),
)
_LOGIN = re.compile(r"(?:.*/)?(?:docker|podman|nerdctl|buildah|skopeo|oras|crane|helm|az|cosign|regctl)")
_GLUED = re.compile(r"(?:.*/)?(?:mysql\w*|mariadb[\w-]*)")
"""Programs that take the password without a space: with one, what follows is the name of a data base."""
_NO_PASSWORD = re.compile(r"[\d:.,-]*|[/.~$].*|.*/.*|true|false|tcp|udp", re.DOTALL)
"""Ports, what is published, paths, variables."""
_OTHERWISE = re.compile(
    r"(?:.*/)?(?:mkdir|cp|install|ps|pytest|tar|read|scp|ssh|psql|pg_\w+|java|dotnet|kubectl|make|npm|npx|docker-compose|compose)"
)
"""Programs of which `-p` is something else: a path, a process, a project, a port, a patch."""
_USERS = frozenset({"-u", "-U", "--user", "--proxy-user"})
"""Flags whose value is a user, and behind a colon the password."""
_NUMBERS = re.compile(r"\d+:\d+")
_SPLIT = re.compile(r"(\s+|[;|&()]+)")


def is_password_flag(flag: str, before: Sequence[str], value: str, *, likely: bool = False) -> bool:
    """Whether a flag is followed by a password; `before` are the words of the command in front of it.

    `likely`: of a program that is not known, `-p` is taken for one, unless its value is a port or a path.
    """
    if any(flag == password_flag and any(program.fullmatch(word) for word in before) for program, password_flag in _PROGRAMS):
        return True
    if flag != "-p" or any(_OTHERWISE.fullmatch(word) for word in before):
        return False
    if "login" in before and any(_LOGIN.fullmatch(word) for word in before):
        return True
    return likely and not _NO_PASSWORD.fullmatch(value)


def hidden_in_flag(word: str, before: Sequence[str]) -> str:
    """A word of a command without the password that stands in the flag itself: `mysql -pSECRET`."""
    glued = word.startswith("-p") and len(word) > 2 and any(_GLUED.fullmatch(program) for program in before)
    return f"-p{HIDDEN}" if glued else word


def without_users_password(flag: str, value: str) -> str:
    """`ada:[hidden]` for what follows `-u`; empty where that is no user with a password, as `1000:1000` is none."""
    user, colon, password = value.partition(":")
    if flag not in _USERS or not colon or not password or _NUMBERS.fullmatch(value):
        return ""
    return f"{user}:{HIDDEN}"


def without_passwords(script: str) -> str:
    """The text of a command or a script without the passwords behind such flags."""
    if " -" not in script:
        return script
    shown: list[str] = []
    before: list[str] = []
    flag = ""
    for part in _SPLIT.split(script):
        if not part or _SPLIT.fullmatch(part):
            if part and ("\n" in part or part.strip()):
                before, flag = [], ""
            shown.append(part)
            continue
        if flag and before and is_password_flag(flag, before, part):
            shown.append(HIDDEN)
        else:
            shown.append(without_users_password(flag, part) or hidden_in_flag(part, before))
        before, flag = ([*before, part], "") if not part.startswith("-") else (before, part)
    return "".join(shown)
