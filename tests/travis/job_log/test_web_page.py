"""The text that a web page shows is taken out of its source, wherever its pieces are cut."""

from __future__ import annotations

import pytest

from purger.travis.job_log.web_page import PageText, TaggedText


def read(*pieces: bytes, page: TaggedText | None = None) -> bytes:
    page = page or PageText()
    return b"".join([*map(page.feed, pieces), page.finish()])


def test_of_a_piece_of_a_page_only_tags_of_lines_end_lines() -> None:
    source = b"<div>a<br>\nb<span class=x>c</span> &lt;d&gt; <e></div>f"
    for pieces in ([source], [source[at : at + 1] for at in range(len(source))]):
        assert read(*pieces, page=TaggedText()) == b"\na\nbc <d> <e>\nf"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (b"<html><body>a<h1>b</h1></body></html>", [b"a", b"b"]),
        (b"<head><title>x</title></head><header>a</header>", [b"a"]),
        (b"<script>if (a < b) c()</script>a<SCRIPT async>x</script >b<style>p</style>", [b"ab"]),
        (b"<p>a <b>b</b> <mark>c</mark><section class='x'>d", [b"a b", b"c", b"d"]),
        (b"a &lt;script> b &lt;i&gt; <5 <", [b"a <script> b <i> <5 <"]),
        (b"a&#x2F;b &#47; &hellip; &amp;lt; &none; &", [b"a/b / \xe2\x80\xa6 &lt; &none; &"]),
        (b"cache-linux<wbr>-focal<wbr />.tgz", [b"cache-linux-focal.tgz"]),
        (b"a<script>b", [b"a"]),
        (b"a<script>b <", [b"a"]),
        (b"a&nbsp;b", [b"a b"]),
        (b"a<scr", [b"a<scr"]),
    ],
)
def test_the_text_that_a_page_shows_is_read(source: bytes, shown: list[bytes]) -> None:
    for pieces in ([source], [source[at : at + 1] for at in range(len(source))]):
        lines = [line.strip() for line in read(*pieces).split(b"\n")]
        assert [line for line in lines if line] == shown
