"""Tests of the folder `miner`."""
