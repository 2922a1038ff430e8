"""Labels of other programs and data sets, read into the same pages as PPOCRLabel's: one module a format."""
