"""The server gives nothing to anybody but the page whose address it printed."""

from __future__ import annotations

import http.client
import json
import re

import cv2
import numpy as np
import pytest

from ppocr_kit.errors import DataError, SetupError
from ppocr_kit.linking.document import render_document
from ppocr_kit.linking.pictures import read_picture
from ppocr_kit.linking.server import LinkServer

JSON = "application/json"


def ask(server, what, method="GET", body=None, token=None, **headers):
    """Return status, headers and content of an answer; a header of None is left out."""
    sent = {
        "Host": f"127.0.0.1:{server.server_port}",
        **{key.replace("_", "-"): one for key, one in headers.items()},
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    try:
        connection.putrequest(method, f"/{token or server.token}/{what}", skip_host=True)
        content = b"" if body is None else json.dumps(body).encode()
        if method == "POST":
            sent.setdefault("Content-Length", str(len(content)))
        for key, value in sent.items():
            if value is not None:
                connection.putheader(key, value)
        connection.endheaders(content or None)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def own(server):
    return {"Origin": f"http://127.0.0.1:{server.server_port}", "Content_Type": JSON}


def change(server, **more):
    page = json.loads(ask(server, "page?name=a.png")[2])
    return {"boxes": page["boxes"], "revision": page["revision"], "add": [[2, 3, "people"]], **more}


def test_the_page_is_one_document_that_loads_nothing_from_elsewhere(server):
    status, headers, content = ask(server, "")
    text = content.decode()
    nonce = re.search(r'<script nonce="([\w-]+)">', text).group(1)
    assert status == 200
    assert f"script-src 'nonce-{nonce}'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert not re.search(
        r"(src|href)=\"(?!data:)[^\"]|@import|url\(|https?://(?!www\.w3\.org/2000/svg)", text
    )
    assert "{{" not in text


def test_a_folder_may_be_called_anything():
    text = render_document("{{script}}</title><script>alert(1)</script>\udcff", "n").decode()
    assert "<script>alert" not in text
    assert "{{script}}&lt;/title&gt;" in text


def test_a_click_is_saved(server, folder):
    status, _, content = ask(server, "page?name=a.png", "POST", change(server), **own(server))
    assert status == 200
    assert [2, 3] in [[link["question"], link["answer"]] for link in json.loads(content)["links"]]
    assert "people" in (folder / "links.json").read_text("utf-8")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Host": None},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"token": "wrong"},
        {"token": "é"},
    ],
)
def test_changes_from_elsewhere_are_refused(server, folder, headers):
    if headers.get("token") == "é":
        headers = {"token": "%C3%A9"}
    status, _, _ = ask(server, "page?name=a.png", "POST", change(server), **{**own(server), **headers})
    assert status == 403
    assert not (folder / "links.json").exists()


@pytest.mark.parametrize("what", ["", "pages", "page?name=a.png", "image?name=a.png"])
@pytest.mark.parametrize(
    "headers",
    [
        {"token": "x"},
        {"Host": "evil.example:80"},
        {"Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_nothing_is_shown_to_others(server, what, headers):
    status, _, content = ask(server, what, **headers)
    assert status == 403
    assert b"Ada" not in content and len(content) < 100


@pytest.mark.parametrize(
    "what",
    [
        "image?name=../batch/a.png",
        "image?name=Label.txt",
        "image?name=/etc/passwd",
        "image?name=..%2F..%2Fetc%2Fpasswd",
        "image",
        "page?name=",
        "page?name=a.png%00",
        "Label.txt",
        "../Label.txt",
        "pages/a.png/..",
    ],
)
def test_only_pages_of_the_table_are_there(server, what):
    status, _, content = ask(server, what)
    assert (status, json.loads(content)) in ((404, {"error": "no such page"}), (200, json.loads(content)))
    assert b"root:" not in content and b"transcription" not in content
    assert status == 404 or what.startswith("pages")


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        ("no object", {}, 400),
        ({"boxes": "", "revision": 0, "add": [[0, 1, "proposal"]]}, {}, 400),
        ({"boxes": "0", "revision": 0}, {}, 409),
        (None, {"Content_Length": "x"}, 413),
        (None, {"Content_Length": "99999999"}, 413),
        (None, {"Content_Length": "-1"}, 413),
        ({}, {"Content_Type": "text/plain"}, 404),
    ],
)
def test_what_is_no_click_gets_its_reason(server, folder, body, more, status):
    found, _, content = ask(server, "page?name=a.png", "POST", body, **{**own(server), **more})
    assert found == status
    assert json.loads(content)["error"]
    assert not (folder / "links.json").exists()


def test_a_damaged_links_file_is_told_and_kept(server, folder):
    sent = change(server)
    (folder / "links.json").write_text("{")
    status, _, content = ask(server, "page?name=a.png", "POST", sent, **own(server))
    assert status == 422
    assert "links.json" in json.loads(content)["at"]
    assert (folder / "links.json").read_text() == "{"


def test_a_taken_port_is_told(server):
    with pytest.raises(SetupError, match="cannot be used"):
        LinkServer(server.session, server.server_port)


def test_it_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"


def test_each_server_has_its_own_address(server):
    other = LinkServer(server.session)
    other.server_close()
    assert len(other.token) >= 24 and other.token != server.token


PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".jpg", "jpeg"), (".png", "png"), (".bmp", "png"), (".tif", "png")]
)
def test_a_browser_gets_a_picture_that_it_can_show(tmp_path, suffix, kind):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, PIXELS)[1].tobytes())
    content, media_type = read_picture(path)
    assert media_type == f"image/{kind}"
    assert (content == path.read_bytes()) == (suffix in (".jpg", ".png"))
    shown = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert (shown == cv2.imread(str(path))).all()


@pytest.mark.parametrize("content", [b"", b"<svg onload='alert(1)'/>", None])
def test_what_is_no_picture_is_not_sent(tmp_path, content):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError):
        read_picture(path)
