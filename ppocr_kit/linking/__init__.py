"""The page on which people link questions to answers, and the small server behind it."""
