"""What a terminal sees: the commands, their options, progress and messages."""
