"""Numbers in words. Pure."""


def counted(number: int, thing: str) -> str:
    """`1 feed`, `2 feeds`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
