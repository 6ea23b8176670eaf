"""The program: ``certstrap``, and ``python -m certstrap``."""

import gc

# A command is over before a collection of cycles pays; without them it starts a tenth faster.
gc.disable()

from certstrap.cli import main  # noqa: E402 - what it imports is what the collector would walk

if __name__ == "__main__":  # pragma: no branch - the installed command imports it
    main()
