"""Home Assistant in a network with hostile devices: what ``script/hostile`` runs.

Two processes take part beside Home Assistant, so that none is charged for the work of another:
this one, which looks on, and one with all hostile devices in it (`farm`).
"""
