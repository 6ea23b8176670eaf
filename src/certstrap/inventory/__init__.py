"""What only reads: what a file is, what a depot holds, whether a chain is good."""
