"""What follows a purge: restart jobs, follow them, read their logs, and judge whether they fetched a cache."""
