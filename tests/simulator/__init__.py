"""Tests of the simulated miner."""
