"""Home Assistant in a network with hostile devices, for ``script/hostile``.

Two processes take part beside Home Assistant, so that neither delays the other: this one, which
observes, and one with all hostile devices in it (`farm`).
"""
