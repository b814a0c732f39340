"""What a hook is and which changes concern it. Knows nothing of the daemon."""
