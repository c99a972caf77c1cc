"""The simulated world: what exists, what is visible, and what changes when. No I/O and no clock: time is passed in.

The same seed and the same times give the same world, however often and in whatever steps it is advanced. What is
put in from outside (`append`, `set_status`, …) draws its ids from a stream of its own, so it disturbs nothing.
"""

from bisect import bisect_left, insort
from collections import deque
from heapq import heappop, heappush
from operator import attrgetter
from random import Random

from workers.simulator.people import census, conversation
from workers.simulator.records import Account, Conversation, Draft, Message
from workers.simulator.rooms import ROOMS
from workers.simulator.settings import SimulationSettings
from workers.simulator.texts import EDITED
from workers.simulator.traffic import NEVER, Traffic, history

_ORDER = attrgetter("order")


class World:
    """Accounts and their messages at one moment, `now_ms`, that only moves forward."""

    def __init__(self, settings: SimulationSettings, start_ms: int) -> None:
        self.now_ms = start_ms
        self._settings = settings
        self.accounts, places = census(settings, start_ms)
        self._people = len(places)
        self._own = Random(f"{settings.seed}/outside")
        self._number = 0
        self._agenda: list[tuple[int, int, str, Message]] = []
        self._agenda_number = 0
        self._kept: deque[Message] = deque()
        for draft in history(settings, places, start_ms):
            self._admit(draft)
        self._traffic = Traffic(settings, places, start_ms)

    # --- time ---

    @property
    def next_ms(self) -> float:
        """When something next happens by itself; infinity where nothing ever will."""
        return min(self._traffic.next_ms, self._agenda[0][0] if self._agenda else NEVER)

    @property
    def quiet(self) -> bool:
        """Whether nothing will ever happen any more unless it is put in from outside."""
        return self.next_ms == NEVER

    @property
    def arrived(self) -> int:
        """Messages of the live traffic so far."""
        return self._traffic.drawn

    def advance(self, now_ms: int) -> None:
        """Let everything happen that happens until this time. A time that lies behind changes nothing."""
        while (moment := self.next_ms) <= now_ms:
            self.now_ms = max(self.now_ms, int(moment))
            if self._traffic.next_ms <= moment:
                self._admit(self._traffic.draw())
            else:
                _, _, what, message = heappop(self._agenda)
                self._happen(what, message)
        self.now_ms = max(self.now_ms, now_ms)

    # --- from outside ---

    def append(
        self,
        into: Conversation,
        *,
        text: str,
        inbound: bool = True,
        status: str = "delivered",
        at_ms: int | None = None,
        visible_ms: int | None = None,
    ) -> Message:
        """Put one text message in, now (or with another timestamp, or visible later); its status stays as it is."""
        moment = self.now_ms if at_ms is None else at_ms
        name = ROOMS[into.account.provider].new_message_id(self._own, moment)
        seen = self.now_ms if visible_ms is None else visible_ms
        return self._admit(Draft(name, into, inbound, "text", text, None, moment, seen, ((moment, status),)))

    def set_status(self, message: Message, status: str) -> None:
        """Move a message's status now, anywhere; its own further steps are off."""
        message.steps = ()
        self._change(message, self.now_ms, status=status)

    def edit(self, message: Message, text: str) -> None:
        """Give a message another text now."""
        self._change(message, self.now_ms, text=text)

    def delete(self, message: Message) -> None:
        """Take a message out of every list, for good."""
        if not message.gone:
            self._take_out(message)
            message.account.deleted += 1

    def open_conversation(self, account: Account) -> Conversation:
        """A conversation with somebody new."""
        made = conversation(self._own, account, self._people, self.now_ms)
        self._people += 1
        account.revision += 1
        return made

    # --- what happens ---

    def _admit(self, draft: Draft) -> Message:
        message = Message(
            self._number,
            draft.id,
            draft.conversation,
            draft.inbound,
            draft.kind,
            draft.text,
            draft.media,
            draft.at_ms,
            draft.steps[0][1],
            draft.at_ms,
            draft.steps[1:],
        )
        self._number += 1
        account = message.account
        draft.conversation.created_ms = min(draft.conversation.created_ms, draft.at_ms)
        account.existing += 1
        account.by_id[message.id] = message
        self._step(message)
        self._plan(draft.visible_ms, "appear", message)
        for moment, what in ((draft.edit_ms, "edit"), (draft.delete_ms, "delete")):
            if moment is not None:
                self._plan(moment, what, message)
        self._retain(message)
        return message

    def _plan(self, moment: int, what: str, message: Message) -> None:
        if moment <= self.now_ms:
            self._happen(what, message)
            return
        self._agenda_number += 1
        heappush(self._agenda, (moment, self._agenda_number, what, message))

    def _happen(self, what: str, message: Message) -> None:
        if message.gone:
            return
        if what == "appear":
            self._show(message)
        elif what == "step":
            self._step(message)
        elif what == "edit":
            self._change(message, self.now_ms, text=f"{message.text}{EDITED}")
        else:
            self.delete(message)

    def _step(self, message: Message) -> None:
        """Take every step that is due, and plan the next one."""
        while message.steps and message.steps[0][0] <= self.now_ms:
            moment, status = message.steps[0]
            message.steps = message.steps[1:]
            self._change(message, moment, status=status)
        if message.steps:
            self._plan(message.steps[0][0], "step", message)

    def _change(self, message: Message, moment: int, *, status: str | None = None, text: str | None = None) -> None:
        message.status = message.status if status is None else status
        message.text = message.text if text is None else text
        message.updated_ms = max(message.updated_ms, moment)
        message.row = None
        if message.visible:
            self._touch(message)

    def _show(self, message: Message) -> None:
        message.visible = True
        for messages in (message.conversation.messages, message.account.messages):
            if messages and messages[-1].order > message.order:
                insort(messages, message, key=_ORDER)
            else:
                messages.append(message)
        self._touch(message)

    def _touch(self, message: Message) -> None:
        message.conversation.touched_ms = max(message.conversation.touched_ms, message.updated_ms)
        message.account.revision += 1

    def _take_out(self, message: Message) -> None:
        message.gone = True
        message.account.by_id.pop(message.id, None)
        if not message.visible:
            return
        message.visible = False
        for messages in (message.conversation.messages, message.account.messages):
            del messages[bisect_left(messages, message.order, key=_ORDER)]
        message.account.revision += 1

    def _retain(self, newest: Message) -> None:
        self._kept.append(newest)
        if len(self._kept) <= self._settings.retain:
            return
        oldest = self._kept.popleft()
        if not oldest.gone:
            self._take_out(oldest)
            oldest.account.retired += 1
