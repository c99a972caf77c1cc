"""Templates: as they were sent (`components[].parameters[]`), or as they are defined (`components[].text`)."""

from collections.abc import Iterator
from typing import Any

from workers.model import Button, Interactive, Media, Template
from workers.providers.decoding import Json
from workers.providers.fields import first_word, text, word
from workers.providers.meta.files import FILES, media_of
from workers.providers.meta.nested import Fields, Told, items, storable, told

#: Kinds of parameters that hold what stands in the message, and where.
_PLAIN = ("text", "payload")
_WITH_FALLBACK = ("currency", "date_time")


def template_parts(given: Told) -> dict[str, Any]:
    """The parts of a template message. Its words are the body of its definition, with its variables unresolved."""
    fields = given.fields
    components = items(fields.get("components"), "components")
    parameters = [item for part in components for item in items(part.get("parameters"), "parameters")]
    language = told(fields.get("language"), "language")
    template = Template(
        name=text(fields, "name") or given.words,
        language=word(language.fields, "code") or language.words,
        category=word(fields, "category"),
        parameters=tuple(map(_parameter, parameters)),
    )
    return {
        "type": "template",
        "text": _text_of("body", components),
        "media": _media_of(parameters),
        "interactive": _interactive_of(components),
        "template": template,
    }


def _text_of(kind: str, components: list[Fields]) -> str | None:
    words = (text(part, "text") for part in components if (word(part, "type") or "").casefold() == kind)
    return next((found for found in words if found), None)


def _interactive_of(components: list[Fields]) -> Interactive | None:
    """What a definition shows around its body; None where it shows nothing."""
    shown = Interactive(
        kind="template",
        header=_text_of("header", components),
        footer=_text_of("footer", components),
        buttons=tuple(_buttons(components)),
    )
    return None if shown == Interactive(kind="template") else shown


def _buttons(components: list[Fields]) -> Iterator[Button]:
    for part in components:
        for button in items(part.get("buttons"), "buttons"):
            yield Button(id=first_word(button, "url", "phone_number"), title=text(button, "text"))


def _parameter(parameter: Fields) -> Json:
    """What a variable was given: its words where it has some, else all that it says."""
    for name in _PLAIN:
        if words := text(parameter, name):
            return words
    for name in _WITH_FALLBACK:
        if words := text(told(parameter.get(name), name).fields, "fallback_value"):
            return words
    return storable(parameter, "parameters")


def _media_of(parameters: list[Fields]) -> Media | None:
    """The file in a template's header."""
    files = (told(parameter[name], name) for parameter in parameters for name in FILES if name in parameter)
    return next((media_of(file) for file in files), None)
