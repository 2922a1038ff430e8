"""``labels link``: what it counts, what it refuses, how it is ended."""

from __future__ import annotations

import json
import threading
import urllib.request

import pytest

from ppocr_kit.cli import label_links
from ppocr_kit.cli.main import main

FORM = (
    '[{"transcription": "Name", "points": [[0, 0], [30, 0], [30, 10], [0, 10]], "key_cls": "caption"}, '
    '{"transcription": "Ada", "points": [[40, 0], [70, 0], [70, 10], [40, 10]], "key_cls": "sum"}]'
)


@pytest.fixture
def folder(make_folder):
    return make_folder(f"batch/a.png\t{FORM}\n")


def test_links_are_counted_without_serving(folder, capsys):
    assert main(["labels", "link", str(folder), "--dry-run"]) == 0
    assert capsys.readouterr().out == "pages 1, ready 0; links: none\n"
    assert main(["labels", "link", str(folder), "--pair", "Caption=sum", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["links"]["pair"] == 1
    assert [path.name for path in folder.iterdir() if path.name == "links.json"] == []


def test_the_real_forms_have_38_links_by_naming(shared, capsys):
    assert main(["labels", "link", str(shared / "real/form_1040"), "--dry-run", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["links"] == {"file": 0, "people": 0, "pair": 0, "naming": 38, "proposal": 0}
    assert (counts["pages"], counts["problems"]) == (24, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pair", "caption"], "does not pair"),
        (["--json"], "--dry-run"),
        (["--port", "70000"], "--port"),
    ],
)
def test_what_cannot_be_is_a_usage_error(folder, capsys, options, said):
    assert main(["labels", "link", str(folder), *options]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_folder_is_told(tmp_path, capsys):
    assert main(["labels", "link", str(tmp_path / "none")]) == 3
    assert "no such folder" in capsys.readouterr().err


def test_it_serves_until_it_is_ended(folder, capsys, monkeypatch):
    pages, browsers = [], []

    def opened(url):
        """Play the browser, then Ctrl-C."""

        def browse():
            with urllib.request.urlopen(f"{url}pages", timeout=20) as answer:
                pages.extend(json.load(answer))

        browsers.append(threading.Thread(target=browse))
        browsers[0].start()
        return True

    def interrupted(server, *_):
        server.handle_request()
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", opened)
    monkeypatch.setattr("ppocr_kit.linking.server.LinkServer.serve_forever", interrupted)
    monkeypatch.setattr("ppocr_kit.linking.server.LinkServer.block_on_close", True)
    monkeypatch.setattr("ppocr_kit.linking.server.LinkServer.daemon_threads", False)
    assert main(["labels", "link", str(folder)]) == 0
    browsers[0].join()
    shown = capsys.readouterr()
    assert shown.out.startswith("http://127.0.0.1:")
    # nobody clicked, so nothing was saved
    assert shown.out.endswith("\npages 1, ready 0; links: none\n")
    assert "Ctrl-C" in shown.err
    assert [page["name"] for page in pages] == ["a.png"]


def test_without_a_browser_the_address_is_enough(folder, capsys, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    monkeypatch.setattr("ppocr_kit.linking.server.LinkServer.serve_forever", lambda *_: None)
    assert main(["labels", "link", str(folder)]) == 0
    assert "No browser could be opened" in capsys.readouterr().err
    assert main(["labels", "link", str(folder), "--no-open"]) == 0
    assert "No browser" not in capsys.readouterr().err


def test_help_has_examples(capsys):
    assert main(["labels", "link", "--help"]) == 0
    assert "ppocr-kit labels link receipts" in capsys.readouterr().out
    assert label_links.link.name == "link"
