"""Official training weights: which there are, fetching them, and keeping them."""
