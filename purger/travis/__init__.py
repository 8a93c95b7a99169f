"""Everything that knows Travis CI, and nothing else: addresses, the page, the API, signing in."""
