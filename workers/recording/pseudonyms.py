"""Other words for words, other digits for digits: the same for the same, under a key that nobody keeps.

What looks alike stays alike: letters stay letters of their script and case, digits digits, and lengths are kept. Two
phone numbers that end alike end alike afterwards (WhatsApp writes some numbers in two ways), and two numbers of one
length never become one.
"""

import unicodedata
from functools import lru_cache
from hashlib import blake2b

#: Digits at the end of a phone number that make two of them one: Brazil's are known with and without their ninth digit.
SAME_DIGITS = 7
#: Digits at the beginning that are kept: a country's code or most of it, never zero where it was not.
KEPT_DIGITS = 2
#: Rounds of the network that permutes digits (Luby and Rackoff: four make it look like chance).
_ROUNDS = 4
#: Characters whose case and script are looked at together: the smallest blocks of Unicode have 128.
_BLOCK = 7


class Pseudonyms:
    """Pseudonyms under one key (at most 64 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.digits = lru_cache(maxsize=65_536)(self._digits)
        self.word = lru_cache(maxsize=65_536)(self._word)

    def _digits(self, digits: str) -> str:
        """Other ASCII digits, as many: the end and the middle each by itself, a short beginning as it is."""
        if len(digits) <= SAME_DIGITS:
            return self._permuted(digits)
        head, middle, end = digits[:KEPT_DIGITS], digits[KEPT_DIGITS:-SAME_DIGITS], digits[-SAME_DIGITS:]
        if len(digits) < KEPT_DIGITS + SAME_DIGITS:
            head, middle = digits[:-SAME_DIGITS], ""
        return head + self._permuted(middle) + self._permuted(end)

    def _word(self, word: str) -> str:
        """Another word of the same letters' kinds and as many; never the same one where there is another."""
        for attempt in range(16):
            luck = _stream(self._key, f"{attempt}/{word}", len(word))
            other = "".join(_alike(character, luck[place]) for place, character in enumerate(word))
            if other != word:
                break
        return other if word else word

    def hexadecimal(self, token: str) -> str:
        """Another number in base 16, in small letters: letters for letters, digits for digits, dashes as they were."""
        luck = _stream(self._key, f"hex/{token}", len(token))
        kinds = ("0123456789", "abcdef")
        return "".join(
            kinds[c.isalpha()][luck[place] % len(kinds[c.isalpha()])] if c.isalnum() else c
            for place, c in enumerate(token)
        )

    def _permuted(self, digits: str) -> str:
        """Other digits of the same number; different ones for different ones."""
        half = len(digits) // 2
        left, right = digits[:half], digits[half:]
        for number in range(_ROUNDS if half else 0):
            if number % 2:
                right = self._added(right, f"{number}/{len(digits)}/{left}")
            else:
                left = self._added(left, f"{number}/{len(digits)}/{right}")
        return left + right if half else self._added(digits, f"{len(digits)}")

    def _added(self, digits: str, name: str) -> str:
        if not digits:
            return ""
        number = int.from_bytes(blake2b(name.encode(), key=self._key, digest_size=16).digest())
        return str((int(digits) + number) % 10 ** len(digits)).zfill(len(digits))


def _stream(key: bytes, name: str, count: int) -> list[int]:
    """So many numbers below 2**16."""
    found: list[int] = []
    for block in range(-(-count // 32)):
        digest = blake2b(f"{block}/{name}".encode("utf-8", "surrogatepass"), key=key).digest()
        found += [int.from_bytes(digest[at : at + 2]) for at in range(0, 64, 2)]
    return found


def _alike(character: str, luck: int) -> str:
    others = _others(ord(character) >> _BLOCK, unicodedata.category(character))
    return others[luck % len(others)] if others else character


@lru_cache(maxsize=1024)
def _others(block: int, category: str) -> str:
    """The letters and digits of a block that are of one category."""
    if category[0] not in "LNM" or category == "Mn":
        return ""
    characters = map(chr, range(block << _BLOCK, (block + 1) << _BLOCK))
    return "".join(c for c in characters if unicodedata.category(c) == category)
