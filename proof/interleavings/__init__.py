"""Every order in which a few actors can cross each other, with every fault: all, not a sample."""
