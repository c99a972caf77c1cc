"""A page without the people in it: what could name, reach or quote somebody gives way to a pseudonym.

Everything is replaced that is not known to be harmless, since nobody knows all fields of all providers. Kept are the
structure, words of the API (types, states, directions), times, small numbers, punctuation and emoji; what WhatsApp's
addresses end in; and the marks of removed credentials.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from workers.errors import PageUnreadable
from workers.model import MESSAGE_TYPES, STATUS_ORDER
from workers.providers.decoding import Absurd, Json, as_received, decode
from workers.providers.reasons import no_page
from workers.recording.pseudonyms import Pseudonyms
from workers.redaction import REMOVED

#: The shortest text that a recording is searched for when it is done (characters): shorter ones turn up by chance.
SHORTEST_SEARCHED = 8
#: Digits of a whole number below which it names nobody (an index, a size, a code of a state).
_TELLING_DIGITS = 7
#: Digits that are kept wherever they stand alone.
_FEW_DIGITS = 2

#: Whole values that are words of an API and of nobody's message.
_VOCABULARY = frozenset(
    {*MESSAGE_TYPES, *STATUS_ORDER, "chat", "ptt", "file", "contact", "button", "list", "nfm_reply", "header", "body"}
    | {"bot", "user", "agent", "automation", "system", "customer", "inbound", "outbound", "incoming", "outgoing", "in"}
    | {"out", "internal", "individual", "group", "whatsapp", "whatsapp_business_account", "messages", "statuses"}
    | {"null", "true", "false", "ok", "fail", "failed", "error", "open", "closed", "active", "flow"}
)
#: Fields of words of an API, by the end of their names; the value must look like such a word.
_WORD_FIELDS = re.compile(
    r"(?i)(?:type|status|state|direction|kind|format|currency|category|language|locale|product|via|channel|event|mode)$"
    r"|^(?:code|object|field|role|source|provider|platform|reason)$"
)
_WORD = re.compile(r"(?!.*[0-9]{7})[A-Za-z0-9_.+/-]{1,48}(?:; *[a-z]+=[A-Za-z0-9_.+-]{1,24})?")
#: Where a person's address may have a "state".
_ADDRESSES = re.compile(r"(?i)address")
#: Fields that hold a time, and what a time looks like: ISO 8601 with hours, or an epoch of this century's first half.
_TIME_FIELDS = re.compile(
    r"(?:^at|_at|At|[tT]ime|[tT]imestamp|[dD]ate|_on|On)$|^(?:created|updated|sent|delivered|read|failed|started|ended)$"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,20}|0000-00-00 00:00:00|[12]\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?")
_ID_FIELDS = re.compile(r"(?:^|_)id$|Id$|ID$|[uU]nique$")
_DEGREES = re.compile(r"(?i)^(?:degrees_?)?(?:lat|lon|lng|long|latitude|longitude)$")

#: What a file is called in front of its link: WizeBot's adapter knows a file by it.
_FILE_WORDS = (
    "image|photo|imagem|foto|v[ií]deo|[aá]udio|voice(?:[ ]message)?|voz|documento?|file|arquivo|sticker|figurinha"
)
_TOKENS = re.compile(
    rf"""(?P<kept>{re.escape(REMOVED)}|\{{\{{\w+\}}\}}|(?<!\w)(?i:{_FILE_WORDS})(?=\s*:\s*https?://))
    |(?P<link>https?://[^\s"'<>]+)
    |(?P<address>[\w.+-]+(?::[0-9]+)?@[\w-]+(?:\.[\w-]+)*)
    |(?P<uuid>[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})
    |(?P<opaque>wamid\.[\w+/=-]+|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[0-9A-Za-z]{{8,}})
    |(?P<degrees>[+-]?[0-9]{{1,3}}\.[0-9]{{3,}})
    |(?P<number>\+[0-9][0-9 ().\u00a0-]{{5,}}[0-9]|\([0-9]{{1,4}}\)[0-9 .-]{{5,}}[0-9]|[0-9]+)
    |(?P<word>[^\W_]+)""",
    re.VERBOSE,
)
_HEX = re.compile(r"[0-9a-f]+")
_WHATSAPP = frozenset({"s.whatsapp.net", "c.us", "g.us", "lid", "newsletter", "broadcast"})
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{2,4}(?=$|[?#])")
#: Characters that tell one removed link from another, where it cannot be as short as it was.
_SHORTEST_PATH = 12
#: Where all removed links and e-mail addresses lead: a name that nobody can own (RFC 2606).
NOWHERE = "removed.example"


class People:
    """Removes people from the parts of one recording. `removed` are the telling texts that gave way."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self.removed: set[str] = set()
        self._by_kind: Mapping[str, Callable[[str], str]] = {
            "kept": str,
            "link": self._link,
            "address": self._address,
            "uuid": self._hexadecimal,
            "opaque": self._opaque,
            "degrees": self._degrees,
            "number": self._number,
            "word": pseudonyms.word,
        }

    def page(self, body: bytes) -> bytes:
        """A body of JSON without people. Raises PageUnreadable for one that is no JSON, or too deep a nest of it."""
        try:
            return as_received(self.value(decode(body))).encode()
        except RecursionError:
            raise no_page("not_a_page", "nested too deep to remove people from it") from None

    def feed(self, values: Mapping[str, str]) -> dict[str, str]:
        """A feed's own values, as the pages name them now."""
        return {name: str(self.value(value, name)) for name, value in values.items()}

    def account(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """An account's settings: numbers of telephones give way, all other settings stay."""
        return {name: self.value(value, name) if _is_telling(value) else value for name, value in table.items()}

    def value(self, value: Json, name: str = "", around: str = "") -> Json:
        """A decoded value; `name` is the field it stands in, `around` the one around that."""
        kind = type(value)
        if kind is dict:
            return {self._key(key): self.value(item, key, name) for key, item in value.items()}
        if kind is list:
            return [self.value(item, name, around) for item in value]
        if kind is str:
            return self._text(value, name, around)
        if kind is int or kind is float:
            return self._numeric(value, name)
        return Absurd(source=_blank(value.source)) if kind is Absurd else value

    def _key(self, key: str) -> str:
        telling = "@" in key or re.search(r"[0-9]{7}", key)
        return self._replaced(key) if telling else key

    def _text(self, text: str, name: str, around: str) -> str:
        if _is_harmless(text, name, around):
            return text
        inner = _structure_in(text)
        if inner is not None:
            return as_received(self.value(inner, name, around))
        return self._replaced(text)

    def _replaced(self, text: str) -> str:
        self._note(text, telling=" " in text.strip())
        return _TOKENS.sub(lambda found: self._by_kind[str(found.lastgroup)](found[0]), text)

    def _numeric(self, value: float, name: str) -> float:
        if _DEGREES.search(name):
            return float(self._replaced(repr(float(value))))
        if type(value) is float or abs(value) < 10 ** (_TELLING_DIGITS - 1):
            return value
        written = str(abs(value))
        if _TIME_FIELDS.search(name) and _TIME.fullmatch(written):
            return value
        other = min(int(self._number(written)), (1 << 64) - 1)
        return other if value > 0 else -min(other, 1 << 63)

    # --- kinds of tokens ---

    def _link(self, link: str) -> str:
        self._note(link)
        scheme, _, rest = link.partition("://")
        extension = _EXTENSION.search(rest.partition("/")[2])
        begin, end = f"{scheme}://{NOWHERE}/", extension[0] if extension else ""
        room = max(len(link) - len(begin) - len(end), _SHORTEST_PATH)
        return f"{begin}{self._pseudonyms.word(rest)[-room:]}{end}"

    def _address(self, address: str) -> str:
        self._note(address)
        local, _, domain = address.partition("@")
        return f"{self._replaced(local)}@{domain if domain in _WHATSAPP else NOWHERE}"

    def _opaque(self, token: str) -> str:
        if _HEX.fullmatch(token):
            return self._hexadecimal(token)
        self._note(token)
        begin, dot, rest = token.partition(".")
        return f"{begin}.{self._pseudonyms.word(rest)}" if dot else self._pseudonyms.word(token)

    def _hexadecimal(self, token: str) -> str:
        self._note(token)
        return self._pseudonyms.hexadecimal(token)

    def _degrees(self, number: str) -> str:
        whole, _, fraction = number.partition(".")
        self._note(number)
        return f"{whole}.{self._pseudonyms.digits(fraction)}"

    def _number(self, written: str) -> str:
        digits = "".join(filter(str.isdecimal, written))
        if len(digits) <= _FEW_DIGITS:
            return written
        self._note(digits)
        others = iter(self._pseudonyms.digits(digits))
        return "".join(next(others) if character.isdecimal() else character for character in written)

    def _note(self, text: str, *, telling: bool = True) -> None:
        if telling and len(text) >= SHORTEST_SEARCHED and re.search(r"[^\W_]", text):
            self.removed.add(text)


def left_over(removed: set[str], contents: bytes) -> bool:
    """Whether a text that gave way still stands somewhere in what is about to be stored."""
    return any(
        text.encode() in contents or orjson.dumps(text)[1:-1] in contents for text in removed if REMOVED not in text
    )


def _is_harmless(text: str, name: str, around: str) -> bool:
    if text.casefold() in _VOCABULARY:
        return True
    if _TIME_FIELDS.search(name) and _TIME.fullmatch(text):
        return True
    if text.isdecimal() and len(text) < _TELLING_DIGITS and _ID_FIELDS.search(name):
        return True
    return bool(_WORD_FIELDS.search(name) and not _ADDRESSES.search(around) and _WORD.fullmatch(text))


def _is_telling(value: object) -> bool:
    return isinstance(value, str) and value.isdecimal() and len(value) >= _TELLING_DIGITS


def _structure_in(text: str) -> Json | None:
    """The object or list that a text holds, or the text inside it that holds one."""
    if not text.lstrip().startswith(("{", "[", '"{', '"[')):
        return None
    try:
        value = decode(text.encode())
    except PageUnreadable:
        return None
    return value if type(value) in {dict, list, str} else None


def _blank(source: str) -> str:
    """What cannot be held, with its shape and nothing else: nines for digits, empty texts."""
    return re.sub(r"[0-9]", "9", re.sub(r'"(?:[^"\\]|\\.)*"', '""', source))
