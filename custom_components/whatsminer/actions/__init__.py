"""What the actions, and the buttons that take longer, do at a miner."""
