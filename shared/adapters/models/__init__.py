"""Language and embedding models: managed, compatible, offline and scripted."""
