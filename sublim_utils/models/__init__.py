"""Language models: what exists, how they are loaded, and how token sequences are packed."""
