"""Results as text: pure functions, which print nothing."""
