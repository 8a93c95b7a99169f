"""Find, start, connect and supervise a browser."""
