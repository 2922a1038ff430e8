"""ppocr-kit: train PaddleOCR on your own PPOCRLabel exports, with numbers you can believe."""

__version__ = "0.1.0"
