"""What owners met on real miners, and what Home Assistant makes of it.

`described` has the answers of ordinary firmware, `miner` a server that gives them, `home` a Home
Assistant that adds the miner and polls it. Each test changes what its owner met.
"""
