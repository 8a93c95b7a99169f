"""Types and functions that all folders share, without I/O."""
