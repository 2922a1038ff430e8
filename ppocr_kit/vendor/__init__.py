"""The PaddleOCR release: bring it, check it, and run its tools in the environment that fits them."""
