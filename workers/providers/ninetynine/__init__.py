"""99digital: the history of a business number, whole or contact by contact, in numbered pages of 50, newest first.

Source: https://docs.99digital.co.il, above all `whatsapp-api/get-history`, `get-contacts` and `webhook/webhook`.
Documented there: parameters, fields, types by direction, page size, retention (a year; links of files: a week).
Inferred from its example: seconds since the epoch, newest row first. Unknown: the codes of `state` but one, the form
of a failure, what a page past the end looks like, whether the webhook's further types occur in the history.
"""

from workers.providers.ninetynine.adapter import NinetyNine
from workers.providers.ninetynine.settings import NinetyNineSettings

__all__ = ["NinetyNine", "NinetyNineSettings"]
