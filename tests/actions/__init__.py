"""Tests of the folder `actions`."""
