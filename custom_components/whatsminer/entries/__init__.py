"""Which config entry belongs to which miner, and where in the network miners are."""
