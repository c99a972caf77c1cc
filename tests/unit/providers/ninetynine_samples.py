"""Sound rows of 99digital, and short ways to ask what becomes of them."""

import json

from workers.model import HttpResponse, PageRef
from workers.providers.ninetynine import NinetyNine, NinetyNineSettings

KEY = "99d/topsecret+=="
NUMBER, CONTACT = "972770000001", "972500000002"


def account(**fields):
    return NinetyNineSettings(
        **{"name": "clinica", "provider": "99digital", "api_key": KEY, "number": NUMBER, **fields}
    )


def whole(**fields):
    return NinetyNine(account(**fields))


def by_contact(**fields):
    return NinetyNine(account(scope="contacts", **fields))


def feed_of(adapter, contact="*"):
    return adapter.feed({"contact": contact})


def row(number=0, **fields):
    return {
        "unique": f"3EB0{number:016d}",
        "timestamp": str(1_760_000_100 - number),
        "direction": "2",
        "from": NUMBER,
        "to": CONTACT,
        "type": "chat",
        "state": 1,
        "message": f"words {number}",
        **fields,
    }


def answered(body, status=200, number=1):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    of = whole()
    return of.page(feed_of(of), PageRef(number=number, limit=50), HttpResponse(status=status, body=sent))


def normalised(of=None, contact="*", **fields):
    of = of or whole()
    return of.normalise(feed_of(of, contact), answered([row(**fields)]).rows[0])


def message(**fields):
    return normalised(**fields).message


def inbound(**fields):
    return message(**{"direction": "1", "from": CONTACT, "to": NUMBER, **fields})
