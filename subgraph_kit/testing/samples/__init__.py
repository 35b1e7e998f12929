"""Sources made of sample rows, for the tests of generated projects: one module per kind."""
