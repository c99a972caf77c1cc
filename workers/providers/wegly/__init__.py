"""Wegly: the WhatsApp chats of a CRM, over its API for integrations.

Sources: https://docs.wegly.com.br (`api-reference/chats/consulta-de-chat`, `…/listar-timeline-do-chat`,
`documentacao-da-api/integracoes/autenticacao`). What is read here and stands on none of these pages is marked as such
where it is read: above all how a timeline is paged, which is learned from what comes back (paging.py).
"""

from workers.providers.wegly.adapter import Wegly
from workers.providers.wegly.settings import WeglySettings

__all__ = ["Wegly", "WeglySettings"]
