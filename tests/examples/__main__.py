"""`python -m tests.examples DIRECTORY` writes all examples there, and removes those that nothing makes any more."""

import sys
from pathlib import Path

from tests.examples.files import files


def main() -> None:
    """Write the files."""
    home = Path(sys.argv[1])
    made = dict(files())
    for path in home.glob("*/*.json"):
        if path.relative_to(home).as_posix() not in made:
            path.unlink()
    for name, content in made.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
