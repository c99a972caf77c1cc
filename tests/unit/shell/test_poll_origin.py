"""Rows of the first contact that make sense only later: they stood there all the same."""

import pytest

from tests.support.shown_rows import ShownRows

BROKEN = {
    "no time": {"createdAt": "bad"},
    "no sense": {"content": {"zzz": 1}},
    "too large": {"content": "x" * 1_000_000},
}


@pytest.mark.parametrize("fault", sorted(BROKEN))
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_row_of_the_first_contact_that_is_mended_later_is_history(fault, restarts):
    # Given a first contact with a row that nobody can read, and one such that comes later
    provider = ShownRows()
    provider.rows = [provider.row("good"), provider.row("mended", **BROKEN[fault])]
    await provider.poll()
    provider.rows.insert(0, provider.row("late", **BROKEN[fault]))
    provider.pass_time(60)
    await provider.poll()
    if restarts:
        provider.restart()
    # When both are touched, and then mended
    for fields in ({**BROKEN[fault], "updatedAt": "2026-01-05T12:01:00.000Z"}, {}):
        provider.rows = [provider.row("late", **fields), provider.row("good"), provider.row("mended", **fields)]
        provider.pass_time(60)
        await provider.poll()
    # Then
    origins = {data["message"]["id"]: data["origin"] for data in provider.told("message.created")}
    assert origins == {"good": "backfill", "mended": "backfill", "late": "live"}
    # And only what is live has been waited for
    assert len(provider.told("message.created")) == 3
    assert provider.metrics.delivery_delay.labels("ogmma")._sum.get() == pytest.approx(
        provider.now / 1000 - 1_767_610_800
    )


async def test_a_broken_row_takes_no_place_from_a_sound_one_of_its_id():
    # Given a first contact that shows a message twice, once without its time
    provider = ShownRows()
    provider.rows = [provider.row("one"), provider.row("one", createdAt="bad")]
    await provider.poll()
    # When it comes once more
    provider.rows.insert(0, provider.row("two"))
    await provider.poll()
    # Then
    assert [data["message"]["id"] for data in provider.told("message.created")] == ["one", "two"]
    assert provider.told("message.updated") == []
