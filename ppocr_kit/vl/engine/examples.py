"""Rows of a split as the trainer asks for them: opened, encoded, and kept where they fit into memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.encoding import Encoded, Encoder
from ppocr_kit.vl.pictures import read_picture
from ppocr_kit.vl.rows import VlRow

# Encoded rows are kept up to this many bytes of patches; a crop of 100 tokens has about a million.
KEPT_BYTES = 512 << 20


class Examples(Dataset):  # type: ignore[misc]
    """Encoded rows by position.

    Args:
        rows: The rows.
        root: Folder that their pictures lie below.
        encoder: What makes tensors of them.
        kept_bytes: How much may be kept, so that later epochs need not decode it again.
    """

    def __init__(
        self, rows: Sequence[VlRow], root: Path, encoder: Encoder, *, kept_bytes: int = KEPT_BYTES
    ) -> None:
        self.rows = rows
        self.root = root
        self.encoder = encoder
        self._left = kept_bytes
        self._kept: dict[int, Encoded] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __getitem__(self, position: int) -> Encoded:
        """Encode one row.

        Raises:
            DataError: Its picture or text cannot be used; the error names the row.
        """
        if position in self._kept:
            return self._kept[position]
        row = self.rows[position]
        try:
            image = read_picture(self.root / row.image).image
            encoded = self.encoder.encode(image, row.prompt, row.completion)
        except DataError as error:
            raise DataError(
                f"{row.image}: {error.message}", at=error.at or row.source, hint=error.hint
            ) from error
        size = encoded.pixel_values.nbytes
        if size <= self._left:
            self._left -= size
            self._kept[position] = encoded
        return encoded

    def length_of(self, row: VlRow) -> int:
        """Return the tokens of a row without opening its picture.

        Raises:
            DataError: The tokenizer cannot say its text, or its picture has an impossible shape.
        """
        return self.encoder.count_tokens(row.width, row.height, row.prompt, row.completion)
