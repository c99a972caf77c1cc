"""`afluente simulate` up to the moment at which it serves."""

from workers.simulator import SWITCHES


def test_all_switches_are_listed(run):
    ended = run("simulate", "--switches")
    assert ended.exit_code == 0
    assert {line.split(" ", 1)[0] for line in ended.stdout.splitlines()} == set(SWITCHES)


def test_wrong_switches_are_told_at_once_with_near_misses(run):
    ended = run("simulate", "--switch", "too_mny=1", "--switch", "hang=2")
    assert ended.exit_code == 2
    first, second = ended.stderr.splitlines()
    assert "'too_mny'; did you mean too_many?" in first
    assert "switch hang: '2' is not allowed; it takes a number from 0 to 1" in second


def test_a_number_out_of_its_range_is_wrong_usage(run):
    ended = run("simulate", "--conversations", "0")
    assert ended.exit_code == 2
    assert "--conversations" in ended.stderr


def test_a_configuration_that_the_simulator_did_not_write_is_left_alone(run, folder):
    # Given
    before = (folder / "afluente.toml").read_text()
    # When
    ended = run("simulate", "--port", "0", "--write-config", "afluente.toml")
    # Then
    assert ended.exit_code == 2
    assert "afluente.toml: is not of the simulator's making, and is left alone" in ended.stderr
    assert (folder / "afluente.toml").read_text() == before
