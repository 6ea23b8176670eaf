"""X.509 as values: no disk, no clock, no terminal."""
