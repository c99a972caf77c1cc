"""The ways in which a page of a timeline may be asked for: no page documents one."""

from typing import Literal, NamedTuple

#: Records that two pages share where pages are asked for by the number of records before them: they show that the
#: parameter counts records.
OVERLAP = 1


class Way(NamedTuple):
    """How a page is asked for: by its number, the first one being `first`, or by the records to pass over."""

    parameter: str
    counts: Literal["pages", "records"]
    first: int = 0

    def value(self, index: int, size: int) -> int:
        """What to send for the page at this index (0 is the first) where pages have so many records."""
        return index + self.first if self.counts == "pages" else index * self.step(size)

    def step(self, size: int) -> int:
        """Records from the beginning of a page to the beginning of the next."""
        return size if self.counts == "pages" else max(1, size - OVERLAP)


#: The ways in which APIs of this kind are usually paged, each after those that would be mistaken for it: where pages
#: are numbered from 1, page 1 is the first page again; where from 0, it is the second one.
WAYS = (Way("page", "pages", 0), Way("page", "pages", 1), Way("offset", "records"), Way("skip", "records"))
