"""What a subgraph stands on: adapters, sources, schema, catalog, events, cache, resilience.

    from subgraph_kit.app import MeshApp
    from subgraph_kit.adapter import DataProductAdapter
    from subgraph_kit.sources.rest import RestSource

Nothing is imported here, so that using one part does not pull in the libraries of all.
"""
