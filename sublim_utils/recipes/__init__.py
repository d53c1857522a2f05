"""What each kind of experiment depends on, as plain data.

Nothing here computes: what measures these experiments is in the modules beside this package, and is
imported when it is needed, so that naming and describing experiments takes no time.
"""
