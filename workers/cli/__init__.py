"""The command line."""


def main() -> None:
    """Run the `afluente` command."""
