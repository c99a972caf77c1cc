"""Ogmma: one conversation is one list of its newest messages, 50 or 500 at a time, and no way to ask for older ones.

Source: https://developer.ogmma.com.br, above all `messages/list-messages`, `quick-start/authentication`,
`conversations/introduction`. Documented there: addresses, fields, the limit, error bodies. Inferred from its example:
newest row first. Unknown: the form of `content` for anything but text, the words of `status` beyond two, whether a
reaction is a row, and how conversations are listed.
"""

from workers.providers.ogmma.adapter import Ogmma
from workers.providers.ogmma.settings import OgmmaSettings

__all__ = ["Ogmma", "OgmmaSettings"]
