"""What people share beside words and files: places, contact cards, orders; and what they think of it: reactions."""

from collections.abc import Mapping
from typing import Any

from workers.model import ContactCard, Location, Order, OrderItem, Phone, Reaction, Reference
from workers.providers.base import digits
from workers.providers.decoding import Json
from workers.providers.fields import number, text, word
from workers.providers.meta.nested import Fields, Told, items, told


def location_parts(given: Told) -> dict[str, Any]:
    """A place: `{latitude, longitude, name, address, url}`, degrees also as texts."""
    fields = given.fields
    place = Location(
        latitude=number(fields, "latitude"),
        longitude=number(fields, "longitude"),
        name=text(fields, "name"),
        address=text(fields, "address"),
        url=word(fields, "url"),
    )
    return {"type": "location", "text": given.words, "location": None if place == Location() else place}


def contacts_parts(value: Json) -> dict[str, Any]:
    """Contact cards: an array, unlike every other type's object."""
    return {"type": "contacts", "contacts": tuple(_card(card) for card in items(value, "contacts"))}


def _card(card: Fields) -> ContactCard:
    name = told(card.get("name"), "name")
    emails = (word(email, "email") for email in items(card.get("emails"), "emails"))
    return ContactCard(
        name=name.words or _name_of(name.fields),
        phones=tuple(_phone(phone) for phone in items(card.get("phones"), "phones")),
        emails=tuple(email for email in emails if email),
        organization=_organization(told(card.get("org"), "org")),
    )


def _name_of(fields: Fields) -> str | None:
    parts = (text(fields, part) for part in ("prefix", "first_name", "middle_name", "last_name", "suffix"))
    return text(fields, "formatted_name") or " ".join(part for part in parts if part) or None


def _phone(fields: Fields) -> Phone:
    told_number = word(fields, "phone")
    return Phone(number=told_number and digits(told_number), wa_id=word(fields, "wa_id"), type=word(fields, "type"))


def _organization(org: Told) -> str | None:
    return text(org.fields, "company") or org.words


def order_parts(given: Told) -> dict[str, Any]:
    """An order: `{catalog_id, text, product_items[{product_retailer_id, quantity, item_price, currency}]}`."""
    fields = given.fields
    lines = items(fields.get("product_items"), "product_items")
    order = Order(catalog_id=word(fields, "catalog_id"), items=tuple(_line(line) for line in lines))
    return {"type": "order", "text": text(fields, "text") or given.words, "order": order}


def _line(fields: Mapping[str, Any]) -> OrderItem:
    return OrderItem(
        product_id=word(fields, "product_retailer_id"),
        quantity=number(fields, "quantity"),
        price=number(fields, "item_price"),
        currency=word(fields, "currency"),
    )


def reaction_parts(given: Told) -> dict[str, Any]:
    """A reaction: `{message_id, emoji}`. One that was taken back has no emoji, or an empty one where it was sent."""
    target = Reference(wamid=word(given.fields, "message_id"))
    return {"type": "reaction", "reaction": Reaction(emoji=text(given.fields, "emoji") or given.words, target=target)}
