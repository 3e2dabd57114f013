"""Simulated miners for other clients, pyasic and asic-rs; ``script/test-peers`` starts it."""
