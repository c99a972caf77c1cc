"""`python -m tests.asyncapi FILE` writes the document."""

import sys
from pathlib import Path

from tests.asyncapi.document import document
from tests.asyncapi.written import written

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(written(document()))
