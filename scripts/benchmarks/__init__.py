"""Measures purger, the console snippet, a naive script and the bare API on one stand-in, as ratios in one run."""
