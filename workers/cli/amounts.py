"""Numbers and spans of time in words. Pure."""

#: Largest number of seconds (and of minutes) that is told as such.
_SMALL = 120


def span(seconds: float) -> str:
    """`0.5 s`, `90 s`, `12 min`, `3.5 h`, `2 days`: two digits are enough for a person."""
    if seconds < _SMALL:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two digits
    minutes = seconds / 60
    if minutes < _SMALL:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004 - two days


def counted(number: int, thing: str) -> str:
    """`1 feed`, `2 feeds`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
