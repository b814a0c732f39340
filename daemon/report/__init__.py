"""The report log and its renderings."""
