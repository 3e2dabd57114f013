"""Tests of the V3 side of the simulated miner."""
