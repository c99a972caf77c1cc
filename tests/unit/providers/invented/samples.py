"""Sound rows of Fonte, and what its API answers."""

from urllib.parse import parse_qsl, urlsplit

from tests.unit.providers.invented.adapter import PAGE_ROWS, Fonte
from tests.unit.providers.invented.settings import FonteSettings

KEY = "fonte-topsecret-0123"
CONTACT = "5511988880000"


def fonte(**fields):
    return Fonte(FonteSettings(**{"name": "padaria", "api_key": KEY, "line": "balcão", **fields}))


def row(number=0, **fields):
    """A row of the chat; 0 is the newest, the others are a minute apart."""
    return {
        "id": f"f-{10_000 - number}",
        "at": 1_767_614_400 - 60 * number,
        "contact": f"+{CONTACT}",
        "contact_name": "Ana Lima",
        "way": "out",
        "kind": "text",
        "words": f"words {number}",
        "agent": None,
        "delivery": "seen",
        **fields,
    }


def shown(request, rows):
    """The page that a request asks for, of an API with these rows."""
    first = PAGE_ROWS * (int(dict(parse_qsl(urlsplit(request.url).query))["page"]) - 1)
    return {"messages": rows[first : first + PAGE_ROWS]}
