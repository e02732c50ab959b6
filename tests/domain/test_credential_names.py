"""Names say whether their value is a credential, and names about a credential do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.common.credential_names import names_credential


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    "name",
    words(
        "DB_PASSWORD PGPASSWORD MYSQL_PWD SECRET_KEY_BASE STRIPE_KEY ENCRYPTION_KEY DB_CREDENTIALS SIGNING_KEY REDIS_AUTH"
        " GITHUB_PAT TOKENS PASSWORD_1 DB_PASSWORD_PROD WEBHOOK_SECRET_V2 DOCKER_AUTH_CONFIG .dockerconfigjson password.txt"
        " dbPassword signingKey requirepass SECRET_VALUE LICENSE_KEY HTPASSWD AZURE_STORAGE_SAS"
    ),
)
def test_a_name_of_a_credential(name: str) -> None:
    assert names_credential(name)


@pytest.mark.parametrize(
    "name",
    words(
        "LEVEL PASSWORD_FILE TOKEN_URL SECRET_NAME KEY_VAULT_NAME PUBLIC_KEY TOKEN_TTL AUTH_MODE AUTHOR MONKEY KEYBOARD PATH"
        " COMPASS tokenExpirationSeconds trustree_mark PUSH VERSION"
    ),
)
def test_a_name_of_something_else(name: str) -> None:
    assert not names_credential(name)


@given(st.text())
def test_any_name_is_answered(name: str) -> None:
    assert names_credential(name) in (True, False)
