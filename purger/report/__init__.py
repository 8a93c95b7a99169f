"""What came of a run: the typed model, its JSON, HTML and Markdown, artifacts, and reading a former report."""
