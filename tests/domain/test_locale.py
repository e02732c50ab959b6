"""Which signs a terminal can show, by what the operator's environment says."""

from __future__ import annotations

import pytest

from tui.domain.common.locale import speaks_unicode


@pytest.mark.parametrize(
    ("environment", "unicode"),
    [
        ({}, True),
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "en_US.utf8"}, True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
        ({"LC_ALL": "", "LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-15"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, True),
    ],
)
def test_the_locale_that_is_named_counts_and_not_the_encoding_that_python_falls_back_to(
    environment: dict[str, str], unicode: bool
) -> None:
    assert speaks_unicode(environment, "utf-8") is unicode


def test_an_encoding_that_lacks_the_signs_lacks_them() -> None:
    assert not speaks_unicode({}, "ascii")
    assert not speaks_unicode({}, None)
