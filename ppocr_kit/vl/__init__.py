"""PaddleOCR-VL: crops and texts to a tuned vision-language model, on transformers in the vl lane."""
