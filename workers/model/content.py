"""What a message may hold beside its text: files, places, cards, buttons, templates, orders, calls."""

from typing import Any

from workers.model.record import Record


class Media(Record, frozen=True, kw_only=True):
    """A file. `available` is false while the provider shows a placeholder."""

    url: str | None = None
    id: str | None = None
    mime_type: str | None = None
    file_name: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    available: bool = True


class Location(Record, frozen=True, kw_only=True):
    """A place, in degrees."""

    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None
    url: str | None = None


class Phone(Record, frozen=True, kw_only=True):
    """A number on a contact card."""

    number: str | None = None
    wa_id: str | None = None
    type: str | None = None


class ContactCard(Record, frozen=True, kw_only=True):
    """One shared contact card."""

    name: str | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()
    organization: str | None = None


class Button(Record, frozen=True, kw_only=True):
    """One button of an interactive message."""

    id: str | None = None
    title: str | None = None


class Interactive(Record, frozen=True, kw_only=True):
    """Buttons, lists, forms, and the answers to them."""

    kind: str | None = None
    id: str | None = None
    title: str | None = None
    description: str | None = None
    header: str | None = None
    footer: str | None = None
    buttons: tuple[Button, ...] = ()
    response: Any = None


class Template(Record, frozen=True, kw_only=True):
    """A template message."""

    name: str | None = None
    language: str | None = None
    category: str | None = None
    parameters: tuple[Any, ...] = ()


class OrderItem(Record, frozen=True, kw_only=True):
    """One line of an order."""

    product_id: str | None = None
    quantity: float | None = None
    price: float | None = None
    currency: str | None = None


class Order(Record, frozen=True, kw_only=True):
    """A catalogue order."""

    catalog_id: str | None = None
    items: tuple[OrderItem, ...] = ()


class Call(Record, frozen=True, kw_only=True):
    """A voice or video call that the provider lists among messages."""

    status: str | None = None
    direction: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    duration_seconds: float | None = None
    recorded: bool | None = None
