"""The program: ``certstrap``, and ``python -m certstrap``."""

import gc

# What a command imports and creates is almost all alive until it ends. Collecting cycles meanwhile,
# with Python's threshold of 700, takes 4 % of the instructions of `sign`.
gc.set_threshold(100_000)

try:
    from certstrap.cli.app import main
except KeyboardInterrupt:  # pragma: no cover - Ctrl-C while it starts; no coverage runs so early
    raise SystemExit(130) from None
except (MemoryError, ImportError, OSError) as cause:  # pragma: no cover - likewise
    raise SystemExit(f"certstrap cannot start: {str(cause) or 'not enough memory'}") from None

if __name__ == "__main__":  # pragma: no branch - the installed command imports it
    main()
