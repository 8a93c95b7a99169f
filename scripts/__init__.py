"""Scripts for developers: set-up, demo, tests, benchmark and soak."""
