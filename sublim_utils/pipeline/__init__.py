"""Making what recipes describe: one function for each kind, and beside it what it costs."""
