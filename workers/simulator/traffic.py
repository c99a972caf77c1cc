"""Who writes when: the history before the start, and sessions of messages with quiet times after it. Pure.

New messages arrive as a Poisson process of the whole world's `rate`. Each falls to one of a few open sessions; a
session is a burst of messages in both directions in one conversation, and when it ends another conversation,
busy ones more often, opens one. So the rate is exact from the first second, and a conversation is busy or quiet.
"""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from workers.simulator.compose import Composer
from workers.simulator.people import next_conversation
from workers.simulator.records import Conversation, Draft
from workers.simulator.rooms import ROOMS
from workers.simulator.settings import SimulationSettings

#: A time that never comes (milliseconds).
NEVER = float("inf")
#: Mean time between two messages of one open session (seconds), where there are conversations enough.
SESSION_PACE = 6.0
#: At most one in so many conversations has an open session: most are quiet.
QUIET_FOR_ONE = 3
#: Mean messages of a session.
SESSION_LENGTH = 8
#: How much busier the first conversation is than the n-th: n to this power.
SKEW = 0.8
#: Chance that a session begins with the customer, and that the next message turns the direction.
CUSTOMER_BEGINS, TURNS = 0.8, 0.55
#: Mean time between two messages of the history, inside a session and between two (milliseconds).
HISTORY_PACE, HISTORY_QUIET = 40_000, 6 * 3_600_000


@dataclass(slots=True)
class Session:
    """A burst: the contact's place, the messages left, and who writes next."""

    place: int
    left: int
    inbound: bool


def history(settings: SimulationSettings, places: list[Conversation], start_ms: int) -> list[Draft]:
    """The messages that stand there at the start, oldest first."""
    rng = Random(f"{settings.seed}/history")
    composer = Composer(rng, settings, live=False)
    drafts = [
        composer.compose(conversation, moment, inbound=rng.random() < TURNS)
        for conversation in places
        for moment in _past(rng, settings.history, start_ms)
    ]
    return sorted(drafts, key=lambda draft: draft.at_ms)


def _past(rng: Random, count: int, start_ms: int) -> list[int]:
    moment, moments = start_ms - rng.uniform(1_000, HISTORY_QUIET / 6), []
    for _ in range(count):
        moments.append(max(0, int(moment)))
        between_sessions = rng.random() * SESSION_LENGTH < 1
        moment -= rng.expovariate(1 / (HISTORY_QUIET if between_sessions else HISTORY_PACE))
    return moments[::-1]


class Traffic:
    """The new messages, one after the other. `next_ms` is when the next one arrives."""

    def __init__(self, settings: SimulationSettings, places: list[Conversation], start_ms: int) -> None:
        self._rng = Random(f"{settings.seed}/traffic")
        self._composer = Composer(self._rng, settings, live=True)
        self._settings = settings
        self._places = places
        self._weights = list(accumulate((n + 1) ** -SKEW for n in range(len(places))))
        open_sessions = min(int(settings.rate * SESSION_PACE), len(places) // QUIET_FOR_ONE)
        self._sessions = [self._opened() for _ in range(max(1, open_sessions))]
        self._moment = float(start_ms)
        self.drawn = 0
        self.next_ms = NEVER
        self._plan_next()

    def draw(self) -> Draft:
        """The message that arrives at `next_ms`."""
        session = self._sessions[self._rng.randrange(len(self._sessions))]
        draft = self._composer.compose(self._places[session.place], int(self.next_ms), inbound=session.inbound)
        session.left -= 1
        if self._rng.random() < TURNS:
            session.inbound = not session.inbound
        if session.left <= 0:
            self._close(session)
        self.drawn += 1
        self._plan_next()
        return draft

    def _plan_next(self) -> None:
        if self._settings.rate == 0 or (self._settings.limit is not None and self.drawn >= self._settings.limit):
            self.next_ms = NEVER
            return
        self._moment += self._rng.expovariate(self._settings.rate) * 1000
        self.next_ms = float(int(self._moment))

    def _opened(self) -> Session:
        place = self._rng.choices(range(len(self._places)), cum_weights=self._weights)[0]
        left = 1 + int(self._rng.expovariate(1 / (SESSION_LENGTH - 0.5)))
        return Session(place, left, self._rng.random() < CUSTOMER_BEGINS)

    def _close(self, session: Session) -> None:
        self._sessions[self._sessions.index(session)] = self._opened()
        conversation = self._places[session.place]
        stays = any(other.place == session.place for other in self._sessions)
        if stays or ROOMS[conversation.account.provider].reopens or self._rng.random() >= self._settings.close_share:
            return
        conversation.closed = True
        self._places[session.place] = next_conversation(self._rng, conversation, int(self.next_ms))
