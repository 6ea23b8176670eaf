"""The program: ``certstrap``, and ``python -m certstrap``."""

import atexit
import gc

# A command is over before a collection of cycles pays, also the one that Python makes at the exit.
gc.disable()
atexit.register(gc.freeze)

from certstrap.cli import main  # noqa: E402 - what it imports is what the collector would walk

if __name__ == "__main__":  # pragma: no branch - the installed command imports it
    main()
