"""From labelled pages to the files PaddleOCR trains on, and back."""
