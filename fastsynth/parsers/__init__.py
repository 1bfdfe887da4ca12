"""The parsers of the commands. What a command needs is imported where it runs, not to parse it."""
