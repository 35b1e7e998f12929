"""`dictamesh dev`: a whole mesh on one machine, that follows what is edited.

Every part is a process under one supervisor: the subgraphs, the composition, the gateway. Nothing
of the other packages is imported, so what runs here is what runs elsewhere.
"""
