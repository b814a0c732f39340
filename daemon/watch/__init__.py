"""From raw notices of the file system to changes."""
