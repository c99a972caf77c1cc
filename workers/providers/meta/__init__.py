"""Meta's WhatsApp message object, wherever a provider hands it on: as a webhook, as what was sent, as a template.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages and its
neighbours, and type definitions of others where those pages are silent. What is read here becomes parts of an event's
message; who wrote it, when, and how it was delivered is the business of the provider that handed it on.
"""

from workers.providers.meta.errors import error_of
from workers.providers.meta.message import Parts, parts_of
from workers.providers.meta.nested import unwrapped
from workers.providers.meta.webhook import Webhook, webhook_in

__all__ = ["Parts", "Webhook", "error_of", "parts_of", "unwrapped", "webhook_in"]
