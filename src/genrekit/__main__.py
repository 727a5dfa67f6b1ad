"""`python -m genrekit`: the same as the program `genrekit`."""

from __future__ import annotations

import sys

from genrekit.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
