"""Conformance classes and helpers for tests of adapters, backends and subgraphs.

Import from the modules: `adapter_contract`, `cache`, `bus`, `catalog`, `environment`, `otlp`,
`clock`. They need pytest, which is not a dependency of the kit itself.
"""
