"""Tests that every adapter must pass. A provider's own tests extend `AdapterKit` and say how its pages look:

class TestOgmmaByTheKit(AdapterKit): ...
"""

import pytest

from tests.unit.providers.kit_answers import AnswerTests
from tests.unit.providers.kit_polls import PollTests
from tests.unit.providers.kit_rows import RowTests
from workers.errors import FeedRejected


class AdapterKit(RowTests, AnswerTests, PollTests):
    """All of them."""

    def test_a_request_is_complete_and_its_secret_is_where_nobody_looks(self):
        adapter = self.adapter()
        request = adapter.request(self.feed(), adapter.first())
        assert request.url.startswith("https://")
        assert self.secret in f"{request.headers}{(request.body or b'').decode()}"
        assert self.secret not in f"{request!r}{request.url}"
        assert ("Accept", "application/json") in request.headers

    def test_a_poll_begins_with_the_newest_rows(self):
        assert self.adapter().first().number == 1

    def test_a_feed_is_made_again_from_its_own_values(self):
        assert self.adapter().feed(self.feed().values) == self.feed()
        assert self.feed().key.startswith(f"{self.adapter().account.name}/")

    @pytest.mark.parametrize("wrong", ["", "  ", ".", "..", "a\nb", "\ud800", "x" * 300])
    def test_a_value_that_cannot_name_anything_is_rejected(self, wrong):
        values = self.feed().values
        for name in values:
            with pytest.raises(FeedRejected) as caught:
                self.adapter().feed({**values, name: wrong})
            assert caught.value.reason == "malformed"

    def test_a_feed_takes_exactly_its_own_values(self):
        for wrong in ({}, {**self.feed().values, "another": "x"}):
            with pytest.raises(FeedRejected, match=r"missing|unknown"):
                self.adapter().feed(wrong)
