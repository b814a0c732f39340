"""The state directory and its database."""
