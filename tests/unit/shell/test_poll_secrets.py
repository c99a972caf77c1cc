"""A provider that echoes the account's key wherever it can: none of it is in any record, of any topic."""

import base64

import pytest

from tests.support.shown_rows import ShownRows


@pytest.mark.parametrize("spelt", [str, lambda key: base64.b64encode(key.encode()).decode()])
@pytest.mark.parametrize("include_raw", [False, True])
async def test_no_record_of_any_topic_holds_a_key_that_a_row_echoes(spelt, include_raw):
    # Given rows that hold the key in every place, good ones and such as nobody can read
    provider = ShownRows(include_raw=include_raw)
    key = spelt(provider.adapter.account.secrets()[0])
    provider.rows = [
        provider.row(f"{key}-good", content=key, status=key, type=key),
        provider.row(f"{key}-bad", createdAt=f"x{key}"),
        provider.row(f"{key}-shape", content={key: key}),
        provider.row(None, **{key: key}),
    ]
    provider.content_type = f"application/json; key={key}"
    # When they are published, and again after a restart
    await provider.poll()
    provider.restart()
    provider.rows.append(provider.row("another", content=f"{key} again"))
    await provider.poll()
    # Then
    assert {record.topic for record in provider.records} == {
        "afluente.messages",
        "afluente.dead-letters",
        "afluente.cursors",
    }
    for record in provider.records:
        everything = b"".join([record.key, record.value or b"", *(value for _, value in record.headers)])
        assert key.encode() not in everything
    # And each was told once
    assert len(provider.told("message.created")) == 2
    assert len(provider.told("dead-letter")) == 3
