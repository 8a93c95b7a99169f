"""The engine: delete the selected caches of repositories, and prove it."""
