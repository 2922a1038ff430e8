"""``python -m ppocr_kit`` is the same as ``ppocr-kit``."""

from ppocr_kit.cli.main import run

if __name__ == "__main__":
    run()
