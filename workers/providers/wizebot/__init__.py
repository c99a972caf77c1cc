"""WizeBot (a white label of BotSailor): one subscriber's conversation, page by page, in whatever form a host answers.

Source: https://help.wizebot.com.br, `tutoriais/api/obter-conversa-whatsapp`; documents of other white labels of the
product where that page is silent. Documented there: parameters, fields, errors inside HTTP 200, texts of errors.
Seen at siblings: rows as JSON text, as an object with numbers for keys; a message that appears twenty minutes late.
Unknown: the order of rows, what `offset` counts, the largest `limit`, the zone of local times, the form of reactions.
"""

from workers.providers.wizebot.adapter import Wizebot
from workers.providers.wizebot.settings import WizebotSettings

__all__ = ["Wizebot", "WizebotSettings"]
