"""Tests of one folder and its guarantees."""
