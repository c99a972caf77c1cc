"""What can go wrong between a provider and its caller, on request. Pure: it decides, `delivery` does it.

For every accepted request the account's own stream of luck draws each active switch once, in a fixed order. A
*trouble* breaks the answer, so that nothing of it counts as shown; the first that is drawn is played. A *twist*
leaves every row readable, so the rows count as shown; all that are drawn are played.
"""

from dataclasses import dataclass, replace
from email.utils import formatdate
from random import Random
from typing import NamedTuple
from urllib.parse import quote

from workers.simulator.records import Account
from workers.simulator.rooms.base import HTML, Answer, Room, said
from workers.simulator.switches import AccountSwitches, Chance

TROUBLES = (
    Chance("hang", "share of requests that are never answered (closed after hang_seconds)"),
    Chance("reset", "share of requests whose connection is reset without an answer"),
    Chance("error_burst", "share of requests at which a run of 500, 502 and 503 begins"),
    Chance("too_many", "share of requests answered 429 without Retry-After"),
    Chance("too_many_seconds", "share of requests answered 429 with Retry-After in seconds"),
    Chance("too_many_date", "share of requests answered 429 with Retry-After as an HTTP date"),
    Chance("too_many_absurd", "share of requests answered 429 with a Retry-After that nobody can keep to"),
    Chance("unauthorized", "share of requests refused as if the key were wrong (401, or the provider's own way)"),
    Chance("forbidden", "share of requests refused for want of rights (403)"),
    Chance("echo_in_error", "share of requests answered 500 with the caller's key in the text"),
    Chance("redirect", "share of requests redirected to another address, which counts who follows"),
    Chance("html", "share of requests answered 200 with an HTML page"),
    Chance("echo_in_page", "share of requests answered 200 with an HTML page that repeats the key, and its type too"),
    Chance("half_body", "share of requests whose connection ends in the middle of the body"),
    Chance("long_length", "share of requests whose Content-Length promises more than comes"),
    Chance("oversized", "share of requests answered with a page of oversized_bytes"),
    Chance("gzip_bomb", "share of requests answered with a small body that unpacks to bomb_bytes"),
    Chance("bad_gzip", "share of requests answered with a body that says it is gzip, and breaks off or is none"),
    Chance("deep_page", "share of requests answered with arrays nested 100000 deep in the place of a page"),
    Chance("wrong_shape", "share of requests answered with JSON of another shape"),
    Chance("empty_page", "share of requests answered with a page without rows, whatever there is"),
)
TWISTS = (
    Chance("slow_drip", "share of requests whose whole body drips out over drip_seconds"),
    Chance("wrong_content_type", "share of requests whose page says that it is something else"),
    Chance("duplicate_rows", "share of requests whose page shows some rows twice"),
    Chance("shuffle_rows", "share of requests whose page has its rows in any order"),
    Chance("drift", "share of requests after which a row of that list is inserted or deleted"),
)
SWITCHES = (*TROUBLES, *TWISTS)

#: Media types that a page may wrongly claim; the empty one says nothing.
WRONG_TYPES = ("text/html", "text/plain; charset=iso-8859-1", "application/octet-stream", "image/png", "")
#: The longest wait that a hostile 429 names (seconds).
LONGEST_WAIT = 5
#: Waits that no one can keep to: no wait, one before now, one for ever, and none at all.
ABSURD_WAITS = ("soon", "-5", "9" * 30, "Thu, 01 Jan 1970 00:00:00 GMT", "", "0x10", "1e999")
#: Ways to send a caller elsewhere: what was moved for good, and what keeps the method and the body of a POST.
REDIRECTS = (301, 302, 303, 307, 308)
#: Arrays inside arrays of a page that is nothing else (levels).
PAGE_NESTING = 100_000
#: Where redirects lead: an address of the control plane that counts them.
TRAP = "/_simulator/trap"

_TROUBLES = frozenset(switch.name for switch in TROUBLES)
_TWISTS = frozenset(switch.name for switch in TWISTS)
_ERROR_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_SIGN_IN = b"<!doctype html><html><head><title>Entrar</title></head><body><form>...</form></body></html>"
#: Troubles that are the same for everybody.
_FIXED = {
    "html": Answer(200, _SIGN_IN, content_type=HTML),
    "deep_page": Answer(200, b"[" * PAGE_NESTING + b"]" * PAGE_NESTING),
}
#: How an answer goes out, beside `whole`: the troubles and twists of the wire.
WIRE = frozenset({"hang", "reset", "half_body", "long_length", "oversized", "gzip_bomb", "bad_gzip", "slow_drip"})


class Drawn(NamedTuple):
    """What one request meets: at most one trouble, and twists."""

    trouble: str | None
    twists: frozenset[str]


NOTHING = Drawn(None, frozenset())


@dataclass(slots=True)
class _Luck:
    """One account's stream, and what is left of a run of errors."""

    rng: Random
    burst: int = 0


class Hostility:
    """Draws and plays troubles and twists, seeded, each account by itself."""

    def __init__(self, seed: int, burst_requests: int) -> None:
        self._seed = seed
        self._burst_requests = burst_requests
        self._luck: dict[str, _Luck] = {}

    def draw(self, account: str, switches: AccountSwitches) -> Drawn:
        """What this request meets."""
        luck = self._of(account)
        if luck.burst:
            luck.burst -= 1
            return Drawn("error_burst", frozenset())
        hits = [name for name, chance in switches.active if name in _PLAYED and luck.rng.random() < chance]
        if not hits:
            return NOTHING
        trouble = next((name for name in hits if name in _TROUBLES), None)
        if trouble == "error_burst":
            luck.burst = luck.rng.randrange(self._burst_requests)
        return Drawn(trouble, frozenset(hits) & _TWISTS)

    def inserts(self, account: str) -> bool:
        """Whether a drift inserts (or else deletes) a row."""
        return self._of(account).rng.random() < 0.6  # noqa: PLR2004  a little more comes than goes

    def any_of(self, account: str, count: int) -> int:
        """Any of so many."""
        return self._of(account).rng.randrange(count)

    def broken(self, trouble: str, room: Room, account: Account, answer: Answer, wall_s: float) -> Answer:
        """The answer that this trouble gives instead; troubles of the wire leave it as it is."""
        if trouble in WIRE:
            return answer
        if trouble.startswith("too_many"):
            return replace(room.too_many(account), headers=self._wait(trouble, account, wall_s))
        if trouble == "error_burst":
            return self._server_error(account)
        if trouble == "wrong_shape":
            shapes = room.wrong_shapes()
            return Answer(200, shapes[self.any_of(account.name, len(shapes))])
        if trouble == "redirect":
            status = REDIRECTS[self.any_of(account.name, len(REDIRECTS))]
            return Answer(status, headers={"Location": TRAP}, content_type=HTML)
        return _plain(trouble, room, account, answer)

    def twisted(self, twists: frozenset[str], account: Account, answer: Answer) -> Answer:
        """The answer with these twists; every row of it can still be read."""
        rng, rows = self._of(account.name).rng, list(answer.rows)
        if "duplicate_rows" in twists:
            for row in rng.sample(rows, k=min(3, len(rows))):
                rows.insert(rng.randrange(len(rows) + 1), row)
        if "shuffle_rows" in twists:
            rng.shuffle(rows)
        answer = replace(answer, rows=rows)
        if "wrong_content_type" in twists:
            answer = replace(answer, content_type=rng.choice(WRONG_TYPES))
        return answer

    def _of(self, account: str) -> _Luck:
        luck = self._luck.get(account)
        if luck is None:
            luck = self._luck[account] = _Luck(Random(f"{self._seed}/hostile/{account}"))
        return luck

    def _wait(self, trouble: str, account: Account, wall_s: float) -> dict[str, str]:
        if trouble == "too_many":
            return {}
        if trouble == "too_many_absurd":
            return {"Retry-After": ABSURD_WAITS[self.any_of(account.name, len(ABSURD_WAITS))]}
        wait = 1 + self.any_of(account.name, LONGEST_WAIT)
        return {"Retry-After": str(wait) if trouble == "too_many_seconds" else formatdate(wall_s + wait, usegmt=True)}

    def _server_error(self, account: Account) -> Answer:
        kind = self.any_of(account.name, 3)
        if kind == 0:
            return said(500, {"message": "Erro interno.", "code": "INTERNAL_ERROR"})
        return Answer(502, _ERROR_PAGE, content_type=HTML) if kind == 1 else Answer(503, content_type="text/plain")


def _plain(trouble: str, room: Room, account: Account, answer: Answer) -> Answer:
    """Troubles that need no luck."""
    if trouble == "forbidden":
        return room.forbidden(account)
    if trouble == "unauthorized":
        return room.unauthorized(account)
    if trouble in _FIXED:
        return _FIXED[trouble]
    if trouble == "echo_in_page":
        page = b"<html><title>%b</title><a href='?apiToken=%b'>again</a></html>"
        key = account.api_key
        return Answer(200, page % (key.encode(), quote(key, safe="").encode()), content_type=f"{HTML}; key={key}")
    if trouble == "echo_in_error":
        key = account.api_key
        told = {"message": f"cannot serve 'Bearer {key}'", "code": "INTERNAL_ERROR", "request": {"apiKey": key}}
        return said(500, told)
    return replace(answer, rows=())


_PLAYED = _TROUBLES | _TWISTS
