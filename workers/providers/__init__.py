"""The providers. A new one is a package here and one line below."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from workers.providers.account import AccountSettings
from workers.providers.base import Adapter
from workers.providers.ninetynine import NinetyNine, NinetyNineSettings
from workers.providers.ogmma import Ogmma, OgmmaSettings
from workers.providers.wegly import Wegly, WeglySettings
from workers.providers.wizebot import Wizebot, WizebotSettings


class _Provider(NamedTuple):
    """What an account is configured with, and what is made of it."""

    settings: type[AccountSettings]
    adapter: Callable[[Any], Adapter]


_PROVIDERS = {
    Ogmma.provider: _Provider(OgmmaSettings, Ogmma),
    NinetyNine.provider: _Provider(NinetyNineSettings, NinetyNine),
    Wizebot.provider: _Provider(WizebotSettings, Wizebot),
    Wegly.provider: _Provider(WeglySettings, Wegly),
}

#: What `provider` may be in a configuration, and the class of such an account's settings.
PROVIDERS: Mapping[str, type[AccountSettings]] = MappingProxyType(
    {name: provider.settings for name, provider in _PROVIDERS.items()}
)


def adapter(account: AccountSettings) -> Adapter:
    """The adapter of an account of one of the `PROVIDERS`."""
    return _PROVIDERS[account.provider].adapter(account)


__all__ = ["PROVIDERS", "adapter"]
