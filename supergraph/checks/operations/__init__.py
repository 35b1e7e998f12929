"""Known operations: what clients send, read from where it is recorded, and held to a graph."""
