"""Tests of the folder `entries`."""
