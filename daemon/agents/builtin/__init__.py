"""The builtin agent: offline review and API reference upkeep, with no account and no network."""
