"""Where a release comes from: the package index through pip, or a git tag.

pip does the downloading, because the user's mirrors, proxies and certificates are in pip's
configuration. It checks the sha256 before it runs anything of the archive.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ppocr_kit.errors import SetupError
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor.pins import DEFAULT_VERSION, GITEE, GITHUB, PINS, ReleasePin
from ppocr_kit.vendor.process import ToolInvocation, ToolResult, run_tool

_TIMEOUT_S = 1800.0
# What training needs of the repository; its documentation is twenty times as big.
_SPARSE = ("tools", "ppocr", "ppstructure", "configs")
_NO_NETWORK = re.compile(
    r"NewConnectionError|Connection(?:Reset|Refused|Aborted)?Error|ConnectTimeout|ReadTimeout"
    r"|Could not resolve|name resolution|Network is unreachable|No route to host|Connection refused"
    r"|timed out|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|HTTP error|unable to access"
    r"|Could not read from remote"
)
_WRONG_HASH = re.compile(r"DO NOT MATCH THE HASHES")
_OFFLINE_HINT = (
    "check the network and pip's settings (pip config list; a mirror: pip config set global.index-url URL), "
    "or bring the archive yourself: ppocr-kit vendor sync --source paddleocr-{version}.tar.gz"
)


def pinned(version: str) -> ReleasePin:
    """Look up what is recorded about a version.

    Raises:
        SetupError: Nothing is recorded.
    """
    if version not in PINS:
        raise SetupError(
            f"no checksum is recorded for the archive of PaddleOCR {version}",
            at="--release",
            hint=f"use {', '.join(PINS)}, or a complete tree: --source git --release {version}",
        )
    return PINS[version]


def download_archive(version: str, folder: Path) -> Path:
    """Download a release's source archive with pip into ``folder``, checked against its sha256.

    Raises:
        SetupError: No such version, no pip, no network, or an archive with another checksum.
    """
    pin = pinned(version)
    if importlib.util.find_spec("pip") is None:
        raise SetupError(
            "pip is not installed beside ppocr-kit", at=sys.executable, hint=f"{sys.executable} -m ensurepip"
        )
    wanted = folder / "wanted.txt"
    wanted.write_text(f"paddleocr=={version} --hash=sha256:{pin.sdist_sha256}\n", encoding="utf-8")
    argv = (sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "paddleocr")
    options = ("--require-hashes", "--requirement", str(wanted), "--dest", str(folder), "--no-input")
    quiet = ("--progress-bar", "off", "--disable-pip-version-check")
    result = run_tool(
        ToolInvocation("pip download", (*argv, *options, *quiet), folder, timeout_s=_TIMEOUT_S), check=False
    )
    archives = sorted(folder.glob("*.tar.gz"))
    if result.returncode != 0 or len(archives) != 1:
        raise _pip_error(result, version)
    check_archive(archives[0], version)
    return archives[0]


def check_archive(archive: Path, version: str) -> None:
    """Hold an archive against the checksum recorded for a version.

    Raises:
        SetupError: It is another file.
    """
    expected, found = pinned(version).sdist_sha256, sha256_of(archive)
    if found != expected:
        raise SetupError(
            f"this is not the published archive of PaddleOCR {version}: its sha256 is {found}, "
            f"recorded is {expected}",
            at=str(archive),
            hint="download it again; a half-loaded or changed file is never unpacked",
        )


def clone_tag(version: str, folder: Path, url: str | None) -> tuple[str, str]:
    """Clone a tag without its history into the empty ``folder``.

    Args:
        version: The tag is ``v`` plus this.
        folder: Where to; must not exist or be empty.
        url: Where from; None tries GitHub, then its mirror on Gitee.

    Returns:
        The URL that answered and the commit that the tag names there.

    Raises:
        SetupError: git is missing, no URL answers, or there is no such tag.
    """
    if shutil.which("git") is None:
        raise SetupError(
            "git is not installed", at="--source git", hint="sudo apt install git, or use --source pypi"
        )
    failures = []
    for candidate in [url] if url else [GITHUB, GITEE]:
        with tempfile.TemporaryDirectory(prefix="ppocr-kit-clone-") as scratch:
            work = Path(scratch) / "tree"
            result = _git(
                ("clone", "--quiet", "--depth", "1", "--branch", f"v{version}", "--sparse"),
                # a server that cannot filter ignores it with a warning
                ("--filter=blob:none", "--", candidate, str(work)),
                cwd=Path(scratch),
            )
            if result.returncode != 0:
                failures.append((candidate, result))
                continue
            _git(("-C", str(work), "sparse-checkout", "set", *_SPARSE), cwd=work, check=True)
            head = _git(("-C", str(work), "rev-parse", "HEAD"), cwd=work, check=True)
            shutil.rmtree(work / ".git")
            _refuse_links_out(work)
            shutil.copytree(work, folder, symlinks=True, dirs_exist_ok=True)
            return candidate, head.tail[-1].strip()
    raise _clone_error(failures, version)


def _git(*words: Sequence[str], cwd: Path, check: bool = False) -> ToolResult:
    """Run git with nothing of the machine's that could change the files, and no questions."""
    settings = (
        "-c",
        "core.autocrlf=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "advice.detachedHead=false",
    )
    argv = ("git", *settings, *(word for group in words for word in group))
    env = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C"}
    return run_tool(ToolInvocation(f"git {words[0][0]}", argv, cwd, env, timeout_s=_TIMEOUT_S), check=check)


def _refuse_links_out(tree: Path) -> None:
    """Refuse a tree with a link that leads outside of it."""
    root = tree.resolve()
    for path in tree.rglob("*"):
        if path.is_symlink() and root not in path.resolve().parents:
            raise SetupError(
                "the repository has a link that leads outside of it", at=str(path.relative_to(tree))
            )


def _pip_error(result: ToolResult, version: str) -> SetupError:
    """Say why pip did not bring the archive."""
    said = "\n".join(result.tail)
    last = next((line for line in reversed(result.tail) if line.startswith("ERROR")), said[-300:])
    if _WRONG_HASH.search(said):
        return SetupError(
            f"the package index gave another archive of PaddleOCR {version} than the one recorded; "
            "it was not unpacked",
            at="pip download",
            hint="check which index pip uses (pip config list); a mirror may be damaged",
        )
    if _NO_NETWORK.search(said):
        return SetupError(
            "the package index cannot be reached", at=last[:300], hint=_OFFLINE_HINT.format(version=version)
        )
    return SetupError(
        f"pip could not bring PaddleOCR {version}",
        at=last[:300],
        hint=_OFFLINE_HINT.format(version=version),
    )


def _clone_error(failures: Sequence[tuple[str, ToolResult]], version: str) -> SetupError:
    """Say why no repository gave the tag."""
    said = [
        (url, next((line for line in reversed(result.tail) if line.strip()), "")) for url, result in failures
    ]
    at = "; ".join(f"{url}: {line[:160]}" for url, line in said)
    if any("not found in upstream" in line for _, line in said):
        return SetupError(f"the repository has no tag v{version}", at=at, hint=f"--release {DEFAULT_VERSION}")
    return SetupError(
        f"PaddleOCR v{version} could not be cloned",
        at=at,
        hint="--source pypi (the package index), --url URL (another mirror) or --source PATH (a checkout)",
    )
