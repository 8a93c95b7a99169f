"""Measure purger, the console snippet, a naive script and the bare API on one stand-in."""
