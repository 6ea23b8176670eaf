"""The program: ``certstrap``, and ``python -m certstrap``."""

import atexit
import gc

# A command is over before a collection of cycles pays, also the one that Python makes at the exit.
gc.disable()
atexit.register(gc.freeze)

try:
    from certstrap.cli import main  # what it imports is what the collector would walk
except KeyboardInterrupt:  # pragma: no cover - Ctrl-C while it starts; no coverage runs so early
    raise SystemExit(130) from None

if __name__ == "__main__":  # pragma: no branch - the installed command imports it
    main()
