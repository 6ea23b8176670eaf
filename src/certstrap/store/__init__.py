"""One folder and its guarantees."""
