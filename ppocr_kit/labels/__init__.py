"""What annotators made, as values: reading PPOCRLabel folders and finding what is wrong in them."""
