"""Settings and switches: every wrong one is told, with what is allowed and what was perhaps meant."""

import pytest

from workers.errors import ConfigurationError
from workers.simulator import SimulationSettings, UnknownSwitchError, described
from workers.simulator.switches import lot, setting_from_text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("poisn=0.1", "no switch 'poisn'; did you mean poison?; there are "),
        ("poison=2", "switch poison: '2' is not allowed; it takes a number from 0 to 1"),
        ("poison=much", "switch poison: 'much' is not allowed"),
        ("poison", "switch 'poison': write NAME=VALUE or ACCOUNT:NAME=VALUE"),
        (
            "ogmma.order=newest-first",
            "switch ogmma.order: 'newest-first' is not allowed; it takes one of newest_first, oldest_first; "
            "did you mean newest_first?",
        ),
        ("loka:poison=1", "no account 'loka'; did you mean loja?; there are loja, clinica"),
        ("clinica:ogmma.order=oldest_first", "switch ogmma.order belongs to ogmma, not to clinica"),
    ],
)
def test_a_wrong_switch_is_refused_with_what_is_allowed(given, told):
    with pytest.raises(ConfigurationError) as refused:
        SimulationSettings(switches=(given,))
    assert told in refused.value.problems[0]


def test_all_wrong_settings_are_told_at_once():
    with pytest.raises(ConfigurationError) as refused:
        SimulationSettings(rate=-1, late_share=2, providers=("ogma",), conversations=0, limit="many", speed=True)
    told = "\n".join(refused.value.problems)
    assert len(refused.value.problems) == 6
    assert "providers: no provider 'ogma'; did you mean ogmma?; there are ogmma, 99digital" in told
    assert "limit: 'many' is not allowed; it takes a whole number" in told


def test_all_wrong_switches_are_told_at_once():
    with pytest.raises(ConfigurationError) as refused:
        SimulationSettings(switches=("a=1", "b=2", "poison=0.5"))
    assert len(refused.value.problems) == 2


def test_each_account_needs_a_conversation():
    with pytest.raises(ConfigurationError, match="fewer than the 6 accounts"):
        SimulationSettings(providers=("ogmma", "99digital"), accounts=3, conversations=5)


def test_a_switch_is_set_for_one_account_or_for_all():
    # Given
    board = SimulationSettings(accounts=2, switches=("poison=0.5", "loja-2:poison=0.25")).board()

    # Then
    values = {name: board.of(name).number("poison") for name in ("loja", "loja-2", "clinica", "clinica-2")}
    assert values == {"loja": 0.5, "loja-2": 0.25, "clinica": 0.5, "clinica-2": 0.5}


def test_a_wrong_wish_among_good_ones_changes_nothing():
    # Given
    board = SimulationSettings().board()

    # When
    with pytest.raises(UnknownSwitchError):
        board.set([setting_from_text("poison=1"), setting_from_text("nan=5")])

    # Then
    assert board.of("loja").number("poison") == 0
    assert board.of("loja").revision == 0


def test_the_names_of_providers_accounts_are_known_before_anything_runs():
    settings = SimulationSettings(providers=("ogmma", "99digital"), accounts=2)
    assert settings.account_names() == {
        "loja": "ogmma",
        "clinica": "99digital",
        "loja-2": "ogmma",
        "clinica-2": "99digital",
    }


def test_luck_is_evenly_spread_and_always_the_same():
    drawn = [lot(1, "poison", str(number)) for number in range(2_000)]
    assert 0.27 < sum(luck < 0.3 for luck in drawn) / len(drawn) < 0.33
    assert drawn == [lot(1, "poison", str(number)) for number in range(2_000)]


def test_every_switch_is_described_in_a_line():
    lines = described()
    assert any(line.startswith("99digital.errors (one of object, http, array; object): ") for line in lines)
    assert len(lines) > 40
