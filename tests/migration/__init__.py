"""Tests of the folder `migration`."""
