"""Conversations at Ogmma in the documented shape: rows that the loopback server shows and that outcomes are made of.

A conversation's rows are the same in each, but for its id: what one costs does not hang on which it is.
"""

import json
from functools import cache
from random import Random

from workers.times import iso

#: Stands for the conversation's id in a row; as long as an id.
ANY_CONVERSATION = "c" * 24
CHANNEL = "6650a1b2c3d4e5f6a7b8c9d2"
#: Time of the oldest row, epoch ms: long ago, so that nothing lies within the settle window.
DAWN = 1_767_614_400_000
#: Milliseconds between two rows.
STEP = 61_234

_SAID = (
    "Olá, tudo bem? Gostaria de saber o prazo de entrega do meu pedido, por favor.",
    "Seu pedido saiu para entrega e chega hoje até as 18h.",
    "ok, obrigada!",
    "Segue o comprovante do pagamento. Qualquer dúvida estou à disposição.",
    "Pode confirmar o endereço de entrega? Rua das Laranjeiras, 120, ap. 31, bairro Centro, cidade de Londrina.",
    "👍",
)


@cache
def rows(count: int) -> tuple[bytes, ...]:
    """The first rows of every conversation, oldest first, about 340 bytes each."""
    random = Random(7)
    return tuple(json.dumps(_row(number, random), ensure_ascii=False).encode() for number in range(count))


def page(shown: tuple[bytes, ...], limit: int, conversation: str, stirred: int = 0) -> bytes:
    """A response that shows these rows (oldest first), newest first; `stirred` changes bytes, and nothing of a row."""
    body = b'{"data":[%b],"meta":{"limit":%d,"took":1%06d}}' % (b",".join(reversed(shown)), limit, stirred)
    return body.replace(ANY_CONVERSATION.encode(), conversation.encode())


def conversation(number: int) -> str:
    """The id of a conversation."""
    return f"66aa{number:020x}"


def _row(number: int, random: Random) -> dict[str, object]:
    ends, inbound = ("5511988880000", "5511900000001"), random.random() < 0.5
    media = random.random() < 0.1
    at = iso(DAWN + number * STEP)
    return {
        "id": f"66ab{random.getrandbits(80):020x}",
        "conversationId": ANY_CONVERSATION,
        "channelId": CHANNEL,
        "type": "image" if media else "text",
        "direction": "INBOUND" if inbound else "OUTBOUND",
        "status": random.choice(("SENT", "DELIVERED", "READ")),
        "content": random.choice(_SAID),
        "mediaUrl": f"https://media.example/{random.getrandbits(64):x}.jpg" if media else None,
        "from": ends[not inbound],
        "to": ends[inbound],
        "createdAt": at,
        "updatedAt": at,
    }
