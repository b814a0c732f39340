"""The private view in which an agent works."""
