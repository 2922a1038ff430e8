"""From a recipe, a data set and options to one complete PaddleOCR training YAML."""
