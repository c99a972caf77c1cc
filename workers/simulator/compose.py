"""Composing a message with its whole life: kind, words, lag, the steps of its status, an edit, a deletion. Pure."""

from itertools import accumulate
from random import Random

from workers.simulator.records import Conversation, Draft
from workers.simulator.rooms import ROOMS
from workers.simulator.settings import SimulationSettings
from workers.simulator.texts import link, words

#: How often each kind occurs, inbound and outbound: mostly text, and every kind now and then.
KINDS = {
    True: {"text": 70, "image": 8, "voice": 6, "audio": 2, "video": 3, "document": 3, "location": 2, "sticker": 2,
           "contacts": 1, "button_reply": 1, "list_reply": 1, "reaction": 2, "order": 1},
    False: {"text": 80, "image": 6, "document": 5, "video": 2, "audio": 1, "voice": 2, "location": 2, "reaction": 2},
}  # fmt: skip
#: The lives of an outbound message's status, and how many in a hundred live each.
LIVES = {
    ("pending", "failed"): 4,
    ("pending", "sent"): 6,
    ("pending", "sent", "delivered"): 20,
    ("pending", "sent", "delivered", "read"): 70,
}
#: Share of inbound messages that somebody at the business reads.
READ_INBOUND = 0.7
#: The least and the most that each step takes, in `status_seconds`.
DELAYS = {"sent": (0.02, 0.1), "failed": (0.05, 0.3), "delivered": (0.05, 0.4), "read": (0.2, 2.0)}
#: When an edit and a deletion come, in `status_seconds` after the message (least, most).
EDITED_AFTER, DELETED_AFTER = (0.2, 1.5), (1.5, 4.0)
#: The shortest lag of a late row, as a share of `late_seconds`.
LEAST_LAG = 0.1

_KINDS = {inbound: (tuple(kinds), tuple(accumulate(kinds.values()))) for inbound, kinds in KINDS.items()}
_LIVES = (tuple(LIVES), tuple(accumulate(LIVES.values())))


class Composer:
    """Composes messages from one stream of random numbers. `live` ones may be late, edited or deleted."""

    def __init__(self, rng: Random, settings: SimulationSettings, *, live: bool) -> None:
        self._rng = rng
        self._status_ms = settings.status_seconds * 1000
        self._late_ms = settings.late_seconds * 1000
        self._late_share, self._edit_share, self._delete_share = (
            (settings.late_share, settings.edit_share, settings.delete_share) if live else (0.0, 0.0, 0.0)
        )

    def compose(self, conversation: Conversation, at_ms: int, *, inbound: bool) -> Draft:
        """The next message of this conversation, of this time."""
        rng, room = self._rng, ROOMS[conversation.account.provider]
        kinds, odds = _KINDS[inbound]
        kind = rng.choices(kinds, cum_weights=odds)[0]
        return Draft(
            id=room.new_message_id(rng, at_ms),
            conversation=conversation,
            inbound=inbound,
            kind=kind,
            text=words(rng, room.language, kind, inbound=inbound),
            media=link(rng, kind),
            at_ms=at_ms,
            visible_ms=at_ms + self._lag(),
            steps=self._steps(at_ms, inbound=inbound),
            edit_ms=self._perhaps(self._edit_share if kind == "text" else 0.0, at_ms, EDITED_AFTER),
            delete_ms=self._perhaps(self._delete_share, at_ms, DELETED_AFTER),
        )

    def _lag(self) -> int:
        if self._late_share == 0 or self._rng.random() >= self._late_share:
            return 0
        return int(self._rng.uniform(LEAST_LAG, 1) * self._late_ms)

    def _perhaps(self, share: float, at_ms: int, after: tuple[float, float]) -> int | None:
        if share == 0 or self._rng.random() >= share:
            return None
        return at_ms + int(self._rng.uniform(*after) * self._status_ms)

    def _steps(self, at_ms: int, *, inbound: bool) -> tuple[tuple[int, str], ...]:
        if inbound:
            life: tuple[str, ...] = ("delivered", "read") if self._rng.random() < READ_INBOUND else ("delivered",)
        else:
            life = self._rng.choices(_LIVES[0], cum_weights=_LIVES[1])[0]
        moment, taken = float(at_ms), [(at_ms, life[0])]
        for state in life[1:]:
            moment += self._rng.uniform(*DELAYS[state]) * self._status_ms
            taken.append((int(moment), state))
        return tuple(taken)
