"""Sound rows of Ogmma, and short ways to ask what becomes of them."""

import json

from workers.model import HttpResponse, PageRef
from workers.providers.ogmma import Ogmma, OgmmaSettings

KEY = "oapi_sk_live_topsecret"
CHANNEL, CONVERSATION = "6650a1b2c3d4e5f6a7b8c9d2", "6650a1b2c3d4e5f6a7b8c9d1"


def account(**fields):
    return OgmmaSettings(**{"name": "loja", "provider": "ogmma", "api_key": KEY, **fields})


def ogmma(**fields):
    return Ogmma(account(**fields))


def feed(of=None):
    return (of or ogmma()).feed({"channel_id": CHANNEL, "conversation_id": CONVERSATION})


def row(number=0, **fields):
    return {
        "id": f"66aa{number:020d}",
        "conversationId": CONVERSATION,
        "channelId": CHANNEL,
        "type": "text",
        "direction": "OUTBOUND",
        "status": "SENT",
        "content": f"words {number}",
        "mediaUrl": None,
        "from": "5511900000001",
        "to": "5511988880000",
        "createdAt": f"2026-01-05T12:{59 - number // 60:02d}:{59 - number % 60:02d}.000Z",
        "updatedAt": "2026-01-05T13:00:04.000Z",
        **fields,
    }


def answered(body, status=200, limit=50, **of_response):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ogmma().page(feed(), PageRef(number=1, limit=limit), HttpResponse(status=status, body=sent, **of_response))


def normalised(**fields):
    page = answered({"data": [row(**fields)]})
    return ogmma().normalise(feed(), page.rows[0])


def message(**fields):
    return normalised(**fields).message
