"""Long numbers in the field of an identity become texts; nothing else of a body is touched."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from workers.providers.exact_ids import quoted

numbers = st.integers(-(10**40), 10**40) | st.integers((1 << 64) - 3, (1 << 64) + 3) | st.integers(-(1 << 63) - 3)
plain = st.text(max_size=5) | st.sampled_from(['"id":12345678901234567890123,', '\\"id":12345678901234567890123}'])


@given(number=numbers, words=plain, spaces=st.sampled_from(["", " ", "\n\t"]))
def test_a_number_is_read_to_its_last_digit_whatever_stands_beside_it(number, words, spaces):
    # Given a body with the number as an identity and as something else
    beside = orjson.dumps(words).decode()
    body = f'[{{"x":{beside},"id"{spaces}:{spaces}{number}{spaces}}},{{{beside}:{number},"n":{number}}}]'
    # When
    row, other = orjson.loads(quoted(body.encode(), "id"))
    # Then
    before = orjson.loads(body)
    kept = -(1 << 63) <= number < 1 << 64
    assert row == {"x": words, "id": number if kept else str(number)}
    assert other == before[1] or words == "id"


def test_what_has_more_digits_than_an_identity_may_have_is_left_alone():
    body = b'{"id":%b}' % (b"9" * 257)
    assert quoted(body, "id") == body
