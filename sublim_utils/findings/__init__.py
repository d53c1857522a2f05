"""One module per finding: its experiments and its summary table."""
