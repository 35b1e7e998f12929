"""The tour through a running mesh: look at the graph, ask it, change a source, lose a source."""
