"""``python -m certstrap`` is ``certstrap``."""

from certstrap.cli import main

if __name__ == "__main__":  # pragma: no branch - imported only to be run
    main()
