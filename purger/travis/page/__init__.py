"""The cache page: its selectors, its JavaScript, and what it may not do."""
