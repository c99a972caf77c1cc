"""What a test or a person may do to a running simulation: checked requests, clear refusals. Pure; time is passed in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from workers.simulator.exchange import Exchange
from workers.simulator.records import STATES, Account, Conversation, Message
from workers.simulator.switches import Setting, near_miss

#: Messages that one request may put in (messages).
MOST_AT_ONCE = 10_000


class ControlError(ValueError):
    """A request that cannot be done. The text says what is allowed."""


class Controls:
    """Changes of a world and its switches. Each method takes what a caller asked and the simulated time."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def turn(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`{account?, NAME: value, …}`: all of it or, with UnknownSwitchError, nothing."""
        account = asked.get("account")
        settings = [Setting(account, name, value) for name, value in asked.items() if name != "account"]
        self._exchange.board.set(settings)
        return {"set": len(settings)}

    def append(self, asked: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """Text messages put into a conversation; more than one are numbered. Returns their ids."""
        self._begin(asked, {"account", "conversation"}, _APPENDED, now_ms)
        count = _number(asked, "count", 1, 1, MOST_AT_ONCE)
        into = self._conversation(asked)
        text = _text(asked, "text", "appended")
        made = [
            self._exchange.world.append(
                into,
                text=text if count == 1 else f"{text} {number}",
                inbound=_word(asked, "direction", ("inbound", "outbound")) == "inbound",
                status=_word(asked, "status", STATES, "delivered"),
                at_ms=_time(asked, now_ms),
                visible_ms=now_ms + int(_number(asked, "visible_in_seconds", 0, 0, 10**6) * 1000),
            )
            for number in range(1, int(count) + 1)
        ]
        return {"messages": [message.id for message in made]}

    def move(self, asked: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """A message's status moved to any state, forward or back."""
        self._begin(asked, {"account", "message", "status"}, set(), now_ms)
        message = self._message(asked)
        self._exchange.world.set_status(message, _word(asked, "status", STATES))
        return {"message": message.id, "status": message.status}

    def edit(self, asked: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """A message's text replaced."""
        self._begin(asked, {"account", "message", "text"}, set(), now_ms)
        message = self._message(asked)
        self._exchange.world.edit(message, _text(asked, "text", ""))
        return {"message": message.id}

    def delete(self, asked: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """A message taken out of every list."""
        self._begin(asked, {"account", "message"}, set(), now_ms)
        message = self._message(asked)
        self._exchange.world.delete(message)
        return {"message": message.id}

    def open_conversation(self, asked: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """A conversation with somebody new. Returns its name and the values of its feed."""
        self._begin(asked, {"account"}, set(), now_ms)
        account = self._account(asked)
        made = self._exchange.world.open_conversation(account)
        room = self._exchange.rooms[account.provider]
        return {"conversation": room.conversation_name(made), "feed": room.feeds(account)[-1]}

    def _begin(self, asked: Mapping[str, Any], needed: set[str], further: set[str], now_ms: int) -> None:
        allowed = sorted(needed | further)
        for name in asked:
            if name not in allowed:
                raise ControlError(f"no field {name!r}{near_miss(name, allowed)}; there are {', '.join(allowed)}")
        missing = sorted(needed - set(asked))
        if missing:
            raise ControlError(f"missing {', '.join(missing)}")
        self._exchange.world.advance(now_ms)

    def _account(self, asked: Mapping[str, Any]) -> Account:
        accounts = self._exchange.world.accounts
        return _found(accounts, asked["account"], "account")

    def _conversation(self, asked: Mapping[str, Any]) -> Conversation:
        return _found(self._account(asked).by_name, asked["conversation"], "conversation")

    def _message(self, asked: Mapping[str, Any]) -> Message:
        return _found(self._account(asked).by_id, asked["message"], "message")


_T = TypeVar("_T")
_APPENDED = {"text", "direction", "status", "timestamp", "visible_in_seconds", "count"}


def _found(there: Mapping[str, _T], name: object, what: str) -> _T:
    found = there.get(name) if isinstance(name, str) else None
    if found is None:
        hint = near_miss(str(name), there) if len(there) <= MOST_AT_ONCE else ""
        raise ControlError(f"no {what} {name!r}{hint}")
    return found


def _word(asked: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    word = asked.get(name, default or allowed[0])
    if word not in allowed:
        raise ControlError(f"{name}: {word!r} is not allowed; it takes one of {', '.join(allowed)}")
    return str(word)


def _text(asked: Mapping[str, Any], name: str, default: str) -> str:
    text = asked.get(name, default)
    if not isinstance(text, str):
        raise ControlError(f"{name}: must be a text")
    return text


def _number(asked: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    number = asked.get(name, default)
    if isinstance(number, bool) or not isinstance(number, int | float) or not least <= number <= most:
        raise ControlError(f"{name}: {number!r} is not allowed; it takes a number from {least:g} to {most:g}")
    return number


def _time(asked: Mapping[str, Any], now_ms: int) -> int:
    """`timestamp`: epoch milliseconds, or ISO 8601 (without a zone it is UTC)."""
    given = asked.get("timestamp", now_ms)
    if isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            raise ControlError(f"timestamp: {given!r} is no ISO 8601 time") from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return int(_number(asked, "timestamp", now_ms, 0, 253_402_300_799_999))
