"""What no single module owns: files written whole or not at all, secrets, scripts, pipes."""
