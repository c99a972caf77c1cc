"""What people and businesses say to each other: seeded sentences with what breaks naive programs. Pure."""

from collections.abc import Callable
from random import Random

#: Sentences by language and direction; `{n}` becomes an order number, so that texts differ.
INBOUND = {
    "pt": (
        "Oi! Cadê meu pedido {n}?",
        "Bom dia, o pedido {n} já saiu? 🙏",
        "Quero trocar o tamanho do pedido {n}",
        "Pode me mandar a nota fiscal do {n}, por favor?",
        'O rastreio diz "em trânsito" há 3 dias ({n})',
        "obrigada!! ❤️ ({n})",
        "Endereço novo:\nRua das Flores, 12\nSão Paulo (pedido {n})",
        "C:\\fotos\\comprovante-{n}.png não abre aí?",
    ),
    "he": (
        "שלום, מה עם ההזמנה {n}?",
        "תודה רבה! 🙂 ({n})",
        "Hi, where is order {n}?",
        'אפשר לשנות כתובת להזמנה "{n}"?',
        "Please call me back about {n}\nthanks",
        "👨‍👩‍👧 {n}",
    ),
}
OUTBOUND = {
    "pt": (
        "Olá! O pedido {n} foi enviado.",
        "Seu pedido {n} chega até sexta-feira 🚚",
        "Claro! Já alterei o pedido {n}.",
        "Segue o código de rastreio: BR{n}XY",
        "Pagamento do pedido {n} confirmado ✅",
        "Posso ajudar em algo mais? ({n})",
    ),
    "he": (
        "שלום! הזמנה {n} נשלחה.",
        "Your order {n} is on its way 🚚",
        "ההזמנה {n} אושרה ✅",
        "Is there anything else? ({n})",
    ),
}
NAMES = {
    "pt": ("Ana Lima", "João Souza", "Márcia D'Ávila", "Zé", "Conceição & Filhos", "Bruno 🐝"),
    "he": ("Dana Levi", "נועה כהן", "Yossi", "מאיה", 'רו"ח אבי', "Tamar 🌸"),
}
BUTTONS = {"pt": ("Sim", "Não", "Falar com atendente"), "he": ("כן", "לא", "Talk to us")}
EMOJI = ("👍", "❤️", "😂", "🙏", "👍🏽")

#: How an edit shows in the text of a message.
EDITED = " ✎"


def sentence(rng: Random, language: str, *, inbound: bool) -> str:
    """Something that a customer (inbound) or the business says."""
    said = INBOUND if inbound else OUTBOUND
    return rng.choice(said[language]).format(n=rng.randrange(10_000, 99_999))


def words(rng: Random, language: str, kind: str, *, inbound: bool) -> str | None:
    """The words of a message of this kind; None where it has none (a file without a caption)."""
    if kind in _SHORT:
        return _SHORT[kind](rng, language)
    if kind in {"audio", "voice", "sticker"}:
        return None
    if kind in {"image", "video", "document"} and rng.random() < 0.5:  # noqa: PLR2004  half of the files have a caption
        return None
    return sentence(rng, language, inbound=inbound)


_SHORT: dict[str, Callable[[Random, str], str]] = {
    "location": lambda rng, _: f"{rng.uniform(-33, 33):.6f},{rng.uniform(-60, 60):.6f}",
    "contacts": lambda rng, _: f"5511{rng.randrange(900_000_000, 999_999_999)}",
    "reaction": lambda rng, _: rng.choice(EMOJI),
    "button_reply": lambda rng, language: rng.choice(BUTTONS[language]),
    "list_reply": lambda rng, language: rng.choice(BUTTONS[language]),
}

#: File name endings of the kinds that are files.
ENDINGS = {"image": "jpg", "video": "mp4", "audio": "mp3", "voice": "ogg", "document": "pdf", "sticker": "webp"}


def link(rng: Random, kind: str) -> str | None:
    """Where the file of a message can be fetched; None for a kind that is no file."""
    ending = ENDINGS.get(kind)
    return f"https://files.simulator.example/{rng.getrandbits(64):016x}.{ending}" if ending else None
