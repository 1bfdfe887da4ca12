"""What each command does, one function each; `parsers` parse for them. Return exit codes."""
