"""What changes a depot, one file a verb."""
