"""Asking an OpenAI-compatible server: what is sent, and that no answer of it does harm."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from PIL import Image
from stub_server import MODEL, chat, picture_of, running_stub

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.vl.inference import infer
from ppocr_kit.vl.pictures import read_picture
from ppocr_kit.vl.questions import questions_of_files
from ppocr_kit.vl.server import Patience, Server, data_address, find_served_model
from ppocr_kit.vl.server_exchange import KEY_VARIABLE, Endpoint, ExchangeFailure, parse_endpoint

SOON = Patience(attempts=3, pause_s=0.01, longest_pause_s=0.05)


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.fixture
def stub():
    with running_stub() as stub:
        yield stub


@pytest.fixture
def pictures(tmp_path):
    for number in range(6):
        Image.new("RGB", (40 + number, 30), (number, 9, 9)).save(tmp_path / f"p{number}.png")
    return sorted(tmp_path.glob("*.png"))


def server_of(stub, **options) -> Server:
    endpoint = parse_endpoint(stub.url, options.pop("timeout_s", 5.0))
    settings = {"max_new_tokens": 64, "requests": 3, "patience": SOON, **options}
    return Server(endpoint, MODEL, **settings)


def read(stub, pictures, out="out.jsonl", **options):
    """Read pictures, and return how it went and the rows."""
    file = pictures[0].parent / out
    result = infer(questions_of_files(pictures, "OCR:"), server_of(stub, **options), file)
    return result, [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def failing(count, reply):
    """Answer as ``reply`` says the first times, then as usual."""
    lock, done = threading.Lock(), []

    def answer(body):
        with lock:
            done.append(1)
            if len(done) <= count:
                return reply
        return chat(f"width {picture_of(body).width}")

    return answer


def test_each_picture_is_one_chat_with_its_prompt(stub, pictures):
    result, rows = read(stub, pictures[:1])
    (body,) = stub.asked
    address = body["messages"][0]["content"][0]["image_url"]["url"]
    assert body == {
        "model": MODEL,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": address}},
                    {"type": "text", "text": "OCR:"},
                ],
            }
        ],
        **{"max_tokens": 64, "temperature": 0.0, "stream": False},
    }
    assert address.startswith("data:image/png;base64,")
    assert rows[0] | {"sha256": ""} == {
        **{"image": str(pictures[0]), "prompt": "OCR:", "text": "width 40", "tokens": 3},
        **{"ended": True, "sha256": ""},
    }
    assert (result.images, result.failed) == (1, 0)


def test_several_requests_are_under_way_and_rows_are_in_order(stub, pictures):
    together = threading.Barrier(3)

    def answer(body):
        together.wait(5)
        return chat(f"width {picture_of(body).width}")

    stub.answer = answer
    _, rows = read(stub, pictures, requests=3)
    assert [row["text"] for row in rows] == [f"width {40 + number}" for number in range(6)]
    assert stub.most_at_once == 3


@pytest.mark.parametrize(
    "reply",
    [
        (503, b"busy", {}),
        (500, {"error": {"message": "oops"}}, {}),
        (429, {"detail": "slow down"}, {"Retry-After": "0"}),
        (408, b"", {}),
        (200, b'{"choices": [', {}),
        (200, b"", {"Content-Length": "100"}),
        None,
    ],
)
def test_what_may_pass_is_tried_again(stub, pictures, reply):
    stub.answer = failing(2, reply)
    result, rows = read(stub, pictures[:1])
    assert (result.failed, rows[0]["text"], len(stub.asked)) == (0, "width 40", 3)


def test_a_wait_that_the_server_asks_for_is_bounded(stub, pictures):
    stub.answer = failing(1, (429, b"", {"Retry-After": "9999"}))
    started = time.monotonic()
    assert read(stub, pictures[:1])[0].failed == 0
    assert time.monotonic() - started < 5


def test_a_picture_that_the_server_refuses_is_a_row_with_an_error(stub, pictures):
    def answer(body):
        image = picture_of(body)
        if image.width == 42:
            return 400, {"object": "error", "message": "image is \x1b[31mtoo large\x1b[0m\nreally"}, {}
        return chat(f"width {image.width}")

    stub.answer = answer
    result, rows = read(stub, pictures)
    assert [("error" in row, row["ended"]) for row in rows] == [(False, True)] * 2 + [(True, False)] + [
        (False, True)
    ] * 3
    assert rows[2]["error"] == "HTTP 400: image is \ufffd[31mtoo large\ufffd[0m really"
    assert result.failed == 1
    # asked once: a refusal lasts
    assert len(stub.asked) == 6


def test_a_server_that_fails_for_good_ends_the_call_and_rows_stay(stub, pictures):
    pictures = [*pictures, *(pictures[0].parent / f"q{number}.png" for number in range(9))]
    for path in pictures[6:]:
        Image.new("RGB", (99, 30)).save(path)

    def answer(body):
        image = picture_of(body)
        return (500, {"error": "CUDA error"}, {}) if image.width == 99 else chat(f"width {image.width}")

    stub.answer = answer
    with pytest.raises(SetupError, match="answers about no picture: HTTP 500: CUDA error"):
        read(stub, pictures, requests=1)
    rows = (pictures[0].parent / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum("error" not in json.loads(row) for row in rows) == 6
    stub.answer = lambda body: chat("well")
    result, rows = read(stub, pictures)
    assert (result.reused, result.failed) == (6, 0)
    assert [row["text"] for row in rows] == [f"width {40 + number}" for number in range(6)] + ["well"] * 9


def test_a_server_that_refuses_everything_is_not_asked_everything(stub, tmp_path):
    pictures = [tmp_path / f"{number:03d}.png" for number in range(40)]
    for path in pictures:
        Image.new("RGB", (30, 30)).save(path)
    stub.answer = lambda body: (422, {"detail": "no images here"}, {})
    with pytest.raises(SetupError, match="no images here"):
        read(stub, pictures, requests=1)
    assert len(stub.asked) < 40


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_said_and_not_shown(stub, pictures, monkeypatch, status):
    monkeypatch.setenv(KEY_VARIABLE, "sk-very-secret")
    stub.answer = lambda body: (status, {"error": {"message": "bad key sk-very-secret"}}, {})
    with pytest.raises(SetupError, match=KEY_VARIABLE) as caught:
        read(stub, pictures)
    assert "refuses the key" in str(caught.value)
    assert "very-secret" not in str(caught.value)
    assert stub.headers[0]["Authorization"] == "Bearer sk-very-secret"
    assert "very-secret" not in repr(server_of(stub)) + json.dumps(server_of(stub).settings())


def test_a_missing_key_is_said(stub, pictures):
    stub.answer = lambda body: (401, b"", {})
    with pytest.raises(SetupError, match="wants a key"):
        read(stub, pictures)
    assert "Authorization" not in stub.headers[0]


def test_a_model_that_is_gone_ends_the_call(stub, pictures):
    stub.answer = lambda body: (404, {"message": "The model `manga-vl` does not exist."}, {})
    with pytest.raises(UsageError, match="does not exist"):
        read(stub, pictures)


def test_a_redirection_is_not_followed(stub, pictures, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "sk-very-secret")
    with running_stub() as other:
        stub.answer = lambda body: (307, b"", {"Location": f"{other.url}/v1/chat/completions"})
        with pytest.raises(SetupError, match="not followed"):
            read(stub, pictures)
        stub.models = (302, b"", {"Location": f"{other.url}/v1/models"})
        with pytest.raises(SetupError, match="not followed"):
            find_served_model(parse_endpoint(stub.url, 5.0), None, SOON)
        assert other.headers == []


def test_a_server_that_does_not_answer_in_time_is_not_waited_for(stub, pictures):
    release = threading.Event()

    def answer(body):
        if picture_of(body).width == 41:
            release.wait(20)
        return chat("soon")

    stub.answer = answer
    try:
        result, rows = read(stub, pictures, timeout_s=0.3, patience=Patience(attempts=1))
    finally:
        release.set()
    assert (result.failed, rows[1]["error"]) == (1, "no answer within 0.3 s")


def test_a_server_that_is_not_there_is_said(pictures):
    with running_stub() as gone:
        pass
    with pytest.raises(SetupError, match="cannot be used: Connection refused") as caught:
        read(gone, pictures)
    assert "what was answered is kept" in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((200, b"<html>hello</html>", {}), "not JSON"),
        ((200, b"[" * 200_000, {}), "not JSON"),
        ((200, [], {}), "not that of a chat"),
        ((200, {"choices": []}, {}), "not that of a chat"),
        ((200, {"choices": [{"message": "hi"}]}, {}), "not that of a chat"),
        ((200, {"choices": {"0": 1}}, {}), "not that of a chat"),
        (chat({"text": "x"}), "not a text"),
        (chat(17), "not a text"),
        (chat([{"type": "text", "text": 3}]), "not that of a chat"),
        ((200, b'"' + b"x" * (33 << 20) + b'"', {}), "more than 32 MiB"),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_its_row(stub, pictures, reply, error):
    stub.answer = lambda body: reply if picture_of(body).width == 40 else chat("ok")
    result, rows = read(stub, pictures[:2])
    assert error in rows[0]["error"]
    assert rows[1]["text"] == "ok"


@pytest.mark.parametrize(
    ("reply", "text", "tokens", "ended"),
    [
        (chat(None), "", 3, True),
        (chat("a\ud800b"), "a\ufffdb", 3, True),
        (chat("\x1b]0;title\x07\0\u2028"), "\x1b]0;title\x07\0\u2028", 3, True),
        (
            chat([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]),
            "ab",
            3,
            True,
        ),
        (chat("a", tokens=10**30), "a", 10**30, True),
        (chat("a", tokens="7"), "a", 0, True),
        (chat("a", tokens=-7), "a", 0, True),
        (chat("a", tokens=True), "a", 0, True),
        (chat("a", reason="length"), "a", 3, False),
        (chat("a", reason=None), "a", 3, False),
        (chat("a", reason=["stop"]), "a", 3, False),
    ],
)
def test_strange_answers_are_taken_for_what_they_say(stub, pictures, reply, text, tokens, ended):
    stub.answer = lambda body: reply
    _, rows = read(stub, pictures[:1])
    assert (rows[0]["text"], rows[0]["tokens"], rows[0]["ended"]) == (text, tokens, ended)


def test_files_go_as_they_are_unless_they_need_a_change(tmp_path):
    photo, grey, clear, turned = (tmp_path / name for name in ("a.jpg", "b.png", "c.png", "d.jpg"))
    Image.new("RGB", (50, 40), "red").save(photo)
    Image.new("L", (50, 40), 9).save(grey)
    Image.new("RGBA", (50, 40), (0, 0, 0, 0)).save(clear)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (50, 40), "red").save(turned, exif=exif)
    kinds = {}
    for path in (photo, grey, clear, turned):
        address = data_address(read_picture(path), None)
        kinds[path.name] = (address.partition(";")[0], sent(address).size)
    assert kinds == {
        "a.jpg": ("data:image/jpeg", (50, 40)),
        "b.png": ("data:image/png", (50, 40)),
        "c.png": ("data:image/png", (50, 40)),
        "d.jpg": ("data:image/png", (40, 50)),
    }
    assert sent(data_address(read_picture(clear), None)).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [((100, 50), 5000, (100, 50)), ((100, 50), 1250, (50, 25)), ((1000, 5), 784, (395, 1))],
)
def test_large_pictures_are_reduced_before_they_are_sent(tmp_path, size, most, expected):
    path = tmp_path / "a.png"
    Image.new("RGB", size).save(path)
    assert sent(data_address(read_picture(path), most)).size == expected


def sent(address: str) -> Image.Image:
    return picture_of({"messages": [{"content": [{"image_url": {"url": address}}]}]})


@pytest.mark.parametrize(
    ("models", "wanted", "expected"),
    [
        ((200, {"data": [{"id": "one"}]}, {}), None, "one"),
        ((200, {"data": [{"id": "one"}, {"id": "two"}]}, {}), "two", "two"),
        ((200, {"data": [{"id": "one"}, 3, {"id": None}, {}]}, {}), None, "one"),
        ((404, {"detail": "Not Found"}, {}), "mine", "mine"),
        ((200, {"data": "x"}, {}), "mine", "mine"),
    ],
)
def test_the_model_is_the_one_that_is_served_or_named(stub, models, wanted, expected):
    stub.models = models
    assert find_served_model(parse_endpoint(stub.url, 5.0), wanted, SOON) == expected


@pytest.mark.parametrize(
    ("models", "wanted", "kind", "match"),
    [
        ((200, {"data": [{"id": "one"}, {"id": "t\x1bwo"}]}, {}), None, UsageError, "one, t\ufffdwo"),
        ((200, {"data": [{"id": "one"}]}, {}), "two", UsageError, "does not serve 'two'; it serves one"),
        ((200, {"data": []}, {}), None, UsageError, "nothing by name"),
        ((200, b"<html>", {}), None, SetupError, "not JSON"),
        ((404, {"detail": "Not Found"}, {}), None, SetupError, "HTTP 404: Not Found"),
        ((401, b"", {}), None, SetupError, KEY_VARIABLE),
        ((503, b"loading", {}), None, SetupError, "HTTP 503: loading"),
    ],
)
def test_what_is_not_served_is_said_before_anything_is_asked(stub, models, wanted, kind, match):
    stub.models = models
    with pytest.raises(kind, match=match):
        find_served_model(parse_endpoint(stub.url, 5.0), wanted, SOON)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("http://host:8000/v1/", "http://host:8000/v1"),
        ("https://host/v1/chat/completions", "https://host/v1"),
        ("https://host/openai/v1/models", "https://host/openai/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_may_be_written_in_several_ways(url, base):
    assert parse_endpoint(url, 1.0).base == base


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "host:8000",
            "file:///etc/passwd",
            "ftp://host",
            "http://",
            "http://host:0",
            "http://host:99999",
        ),
        *("http://user:secret@host", "http://host/v1?key=secret", "http://host/#secret", "http://hö\nst"),
        *("http://[host", "http://ho st", "javascript:alert(1)"),
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError) as caught:
        parse_endpoint(url, 1.0)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "a b", "ключ"])
def test_a_key_that_is_none_is_refused_unseen(monkeypatch, key):
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(UsageError) as caught:
        parse_endpoint("http://host", 1.0)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shows"),
    [("http://example.org", True), ("https://example.org", False), ("http://127.0.0.1:8000", False)],
)
def test_a_key_that_would_cross_the_network_in_the_open_is_known(monkeypatch, url, shows):
    assert not parse_endpoint(url, 1.0).shows_key
    monkeypatch.setenv(KEY_VARIABLE, "sk-1")
    assert parse_endpoint(url, 1.0).shows_key is shows


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(stub, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert find_served_model(parse_endpoint(stub.url, 5.0), None, SOON) == MODEL
    with pytest.raises(ExchangeFailure):
        Endpoint("http://example.invalid/v1", timeout_s=2.0).exchange("/models")


def test_a_picture_that_vanished_is_a_row_with_an_error(stub, pictures):
    questions = questions_of_files(pictures[:2], "OCR:")
    rows = {}

    def put(position, row):
        rows[position] = row

    Path(pictures[0]).unlink()
    server_of(stub).answer(questions, put)
    assert "No such file" in rows[0].error
    assert rows[1].text == "width 41"
