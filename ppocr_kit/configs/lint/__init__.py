"""What is wrong with a PaddleOCR YAML: every finding with its line, its code and what to do."""
