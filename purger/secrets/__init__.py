"""Keep secrets out of all output and out of child processes."""
