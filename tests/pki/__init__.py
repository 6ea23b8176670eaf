"""Tests of X.509 as values."""
