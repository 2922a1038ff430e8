"""Packaging of ppocr-kit: what it is called, what it needs, what travels with it.

The recipes (``configs/``) and the locks (``locks/``) lie at the top of the checkout, where people
look for them; a wheel carries copies under ``ppocr_kit/_data``.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).resolve().parent
VERSION = re.search(
    r'__version__ = "([^"]+)"', (HERE / "ppocr_kit" / "__init__.py").read_text("utf-8")
).group(1)
RECIPES = sorted(folder.name for folder in (HERE / "configs").iterdir() if folder.is_dir())
DATA = {
    **{f"ppocr_kit._data.configs.{task}": (f"configs/{task}", "*.yml") for task in RECIPES},
    "ppocr_kit._data.configs": ("configs", "models.yml"),
    "ppocr_kit._data.locks": ("locks", "*.txt"),
}

# The kit itself: light, no framework. Exact pins that were run stand in locks/.
BASE = [
    "click>=8.1",
    "PyYAML>=6",
    "rich>=13",
    "numpy>=1.26",
    "opencv-python-headless>=4.8,<5",
    "shapely>=2",
    "rapidfuzz>=3",
    "platformdirs>=4",
    "pillow>=10.1",
    "matplotlib>=3.7",
]
# What the release's tools import beside Paddle. OpenCV 5 and numpy 2.3 break its transforms.
TOOLS = [
    "numpy>=2,<2.3",
    "opencv-python-headless==4.12.0.88",
    "albumentations==2.0.8",
    "albucore==0.0.24",
    "lmdb",
    "pyclipper",
    "scikit-image",
    "tqdm",
    "requests",
    "packaging",
]
# paddle2onnx 2.1.0 takes no newer onnx.
ONNX = [
    "paddle2onnx==2.1.0",
    "onnx==1.17.0",
    "onnxruntime>=1.19",
    'openvino>=2026.4; python_version >= "3.10"',
]
# paddlenlp 2.8.1 was written for these; newer ones break its imports.
KIE = [
    "paddlenlp==2.8.1",
    "yacs",
    "huggingface_hub<0.27",
    "datasets<3.2",
    "aistudio_sdk<0.2.6",
    "pyarrow<19",
    "pandas<2.3",
    "scikit-learn<1.6",
    "scipy<1.14",
]
# PPOCRLabel's window; it also asks for paddleocr, which the kit opens it without (locks/label.in).
LABEL = [
    "PPOCRLabel==3.1.6",
    "PyQt5>=5.15.11",
]
# transformers 5 has PaddleOCR-VL itself; no code of a model folder is run.
VL = ["torch>=2.11", "transformers>=5", "accelerate>=1.5", "pillow", "rapidfuzz"]
EXTRAS = {
    "cpu": ["paddlepaddle==3.3.1", *TOOLS],
    "gpu": ["paddlepaddle-gpu==3.3.1", *TOOLS],
    "onnx": ONNX,
    "deploy": ["paddleocr==3.7.0"],
    "kie": KIE,
    "label": LABEL,
    "vl": VL,
    "vl-lora": [*VL, "peft>=0.18"],
    "vl-hub": [*VL, "datasets>=4"],
    "test": ["pytest>=8", "hypothesis>=6", "setuptools>=70.1"],
    "lint": ["ruff", "mypy", "types-PyYAML"],
}

setup(
    name="ppocr-kit",
    version=VERSION,
    description="Train PaddleOCR on your own PPOCRLabel exports, with numbers you can believe",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.9,<3.13",
    packages=[
        # the supplement's top folder is a namespace on purpose: upstream's ppocr/__init__ is the one in use
        *find_namespace_packages(
            include=["ppocr_kit", "ppocr_kit.*"], exclude=["ppocr_kit._data*", "*__pycache__*"]
        ),
        *DATA,
    ],
    package_dir={package: folder for package, (folder, _) in DATA.items()},
    package_data={
        "ppocr_kit.linking": ["*.html", "*.css", "*.js"],
        **{package: [pattern] for package, (_, pattern) in DATA.items()},
    },
    install_requires=BASE,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["ppocr-kit = ppocr_kit.cli.main:run"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.9",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
