"""What rows for PaddleOCR-VL are made from: one module per kind of source."""
