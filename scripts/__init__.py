"""What developers run: set-up, demo, tests, benchmark, soak."""
