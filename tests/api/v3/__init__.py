"""The tests of V3."""
