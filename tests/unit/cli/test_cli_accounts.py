"""What a command line may name: accounts, feeds, and which feeds show the same."""

import pytest

from workers.cli.accounts import account_named, adapters_of, feed_named, first_feed, in_words, overlapping
from workers.cli.context import Configuration, Misuse
from workers.model import Feed


@pytest.fixture
def adapters(folder):
    return adapters_of(Configuration(folder / "afluente.toml").settings())


def contact(value: str, account: str = "clinica") -> Feed:
    return Feed(key=f"{account}/{value}", account=account, values={"contact": value})


def test_a_feed_is_named_by_its_values_in_any_order(adapters):
    feed = feed_named(adapters["loja"], ["conversation_id=a=b", "channel_id=9"])
    assert feed.key == "loja/9/a%3Db"
    assert in_words(feed) == "loja channel_id=9 conversation_id=a=b"


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (["chanel_id=9"], 'a feed of loja (ogmma) has no "chanel_id"; did you mean "channel_id"?'),
        (["zzz=9"], 'a feed of loja (ogmma) has no "zzz"; it takes channel_id=… conversation_id=…'),
        (["66aa09"], '"66aa09": write KEY=VALUE; a feed of loja takes channel_id=… conversation_id=…'),
        (["channel_id=1", "channel_id=2"], "channel_id is given twice"),
        (["channel_id=1"], "loja: a feed takes channel_id, conversation_id: missing conversation_id"),
        (["channel_id=1", "conversation_id= "], "loja: conversation_id must be a non-empty text"),
    ],
)
def test_a_wrong_feed_is_told_with_what_is_right(adapters, pairs, told):
    with pytest.raises(Misuse) as caught:
        feed_named(adapters["loja"], pairs)
    assert caught.value.message == told
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [("Loja", 'no account "Loja"; did you mean "loja"?'), ("x", 'no account "x"; there are loja, clinica')],
)
def test_an_unknown_account_is_told_with_a_near_miss_or_all_there_are(adapters, name, told):
    with pytest.raises(Misuse) as caught:
        account_named(adapters, name)
    assert caught.value.message == told


def test_the_first_feed_of_the_configuration_stands_for_an_account(adapters):
    assert first_feed(adapters["loja"], "preview").key == "loja/66aa09/66aa01"
    assert first_feed(adapters["clinica"], "preview").key == "clinica/*"


def test_an_account_without_feeds_says_how_to_name_one(folder):
    # Given
    text = (folder / "afluente.toml").read_text()
    (folder / "afluente.toml").write_text(text.replace("feeds = ", "# "))
    adapters = adapters_of(Configuration(folder / "afluente.toml").settings())
    # When / Then
    with pytest.raises(Misuse, match=r"accounts\.loja lists no feeds: name one, afluente preview loja channel_id=…"):
        first_feed(adapters["loja"], "preview")


def test_feeds_overlap_where_one_value_may_be_any():
    whole, one, other = contact("*"), contact("1"), contact("2")
    assert overlapping(one, [other, whole]) is whole
    assert overlapping(whole, [other, one]) is other
    assert overlapping(one, [contact("1")]).key == one.key
    assert overlapping(one, [other, contact("1", account="elsewhere")]) is None
    assert overlapping(one, []) is None
