"""What came of a run: read its folder, and say it on the console, as JSON and as Markdown."""
