"""An account as a recording keeps it: what reading its pages depends on, and nothing that anybody could use."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from workers.errors import RecordingUnreadable
from workers.providers.account import AccountSettings, secret_fields

#: What does not change how a page is read: when it is asked for, and what else is.
_NOT_FOR_READING = frozenset({"requests_per_minute", "max_interval_seconds", "discover", "feeds"})
#: Stands where a replay needs a credential: nothing is ever sent with it.
NO_CREDENTIAL = "a-recording-holds-no-credential"


def kept(account: AccountSettings) -> dict[str, Any]:
    """The account's settings for a manifest, its name among them."""
    left_out = _NOT_FOR_READING | secret_fields(type(account))
    return {"name": account.name, **account.model_dump(mode="json", exclude=set(left_out))}


def account_of(table: Mapping[str, Any], providers: Mapping[str, type[AccountSettings]]) -> AccountSettings:
    """The account of a manifest, without a credential that is worth anything. Raises RecordingUnreadable."""
    cls = providers.get(str(table.get("provider")))
    if cls is None:
        raise RecordingUnreadable(f"account.provider must be one of {', '.join(providers)}")
    unused = dict.fromkeys(secret_fields(cls), NO_CREDENTIAL)
    try:
        return cls.model_validate({**unused, **table})
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise RecordingUnreadable(f"account.{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None
