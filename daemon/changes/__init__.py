"""Change sets: read out of a view, kept in a store, applied to the tree as a transaction, undone, recovered."""
