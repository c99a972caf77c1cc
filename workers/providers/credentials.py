"""Credentials as the accounts of providers hold them."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr


def _a_key(value: SecretStr) -> SecretStr:
    # A key read from a file ends with a line break; inside a header or a body it would be a wrong key, or two headers.
    key = value.get_secret_value().strip()
    if not key:
        raise ValueError("must not be empty")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("must be printable ASCII without spaces")
    return SecretStr(key)


#: A key or token: never printed, without the space around it.
ApiKey = Annotated[SecretStr, AfterValidator(_a_key)]
