"""Tests of V2 of the vendor's API."""
