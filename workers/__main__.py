"""`python -m workers` is `afluente`."""

from workers.cli import main

main()
