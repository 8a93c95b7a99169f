"""The stand-in over HTTP/2, frame by frame: what is agreed on, what is in flight at once, and how streams end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from h2.errors import ErrorCodes

from purger.standin import DeleteFault, GoAway, ListFault, Repository, StandIn
from purger.standin.listener import reset
from tests.support.browser import eventually
from tests.support.http2_client import Http2Client, http2_client
from tests.support.tls import connected, trusting

pytestmark = pytest.mark.browser


@pytest.fixture
def repository(tls_site: StandIn) -> Repository:
    return tls_site.add_repository("acme/widgets")


@pytest.fixture
async def client(tls_site: StandIn) -> AsyncIterator[Http2Client]:
    async with http2_client(tls_site, tls_site.api_url) as made:
        yield made


def caches(repository: Repository, branch: str = "") -> str:
    return f"/repo/{repository.id}/caches" + (f"?branch={branch}" if branch else "")


def branches(repository: Repository) -> list[str]:
    return sorted(cache.branch for cache in repository.caches)


@pytest.mark.parametrize(
    ("http2", "offered", "chosen"),
    [
        (True, ["h2", "http/1.1"], "h2"),
        (True, ["http/1.1"], "http/1.1"),
        (True, [], None),
        (False, ["h2", "http/1.1"], "http/1.1"),
        (False, ["h2"], None),
    ],
)
async def test_the_version_is_agreed_on(http2: bool, offered: list[str], chosen: str | None) -> None:
    with StandIn(costs=False, tls=True, http2=http2) as site:
        for url in (site.url, site.api_url, site.third_party_url):
            _, writer, encrypted = await connected(url, trusting(site, *offered))
            assert encrypted.selected_alpn_protocol() == chosen
            writer.close()


async def test_both_versions_answer_alike(tls_site: StandIn, repository: Repository, client: Http2Client) -> None:
    repository.fill(3)
    over_2 = await client.call("GET", caches(repository))
    reader, writer, _ = await connected(tls_site.api_url, trusting(tls_site))
    head = f"GET {caches(repository)} HTTP/1.1\r\nHost: x\r\nAuthorization: token {tls_site.token}\r\n"
    writer.write(f"{head}Travis-API-Version: 3\r\nConnection: close\r\n\r\n".encode())
    fields, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    over_1 = {name.lower() for name in (line.partition(":")[0] for line in fields.splitlines()[1:])}
    assert body == over_2.body.decode()
    assert over_1 - set(over_2.headers) == {"server", "connection"}
    assert [(r.http_version, r.status, r.authorized) for r in tls_site.requests] == [
        ("2", 200, True),
        ("1.1", 200, True),
    ]
    first, second = tls_site.requests
    assert (first.path, first.raw_query, first.method) == (second.path, second.raw_query, second.method)
    assert first.headers["Host"] == tls_site.api_url.removeprefix("https://")


async def test_a_hundred_calls_are_in_flight_at_once(
    tls_site: StandIn, repository: Repository, client: Http2Client
) -> None:
    repository.fill(120)
    tls_site.faults.delete_fault = [DeleteFault(kind="hang", times=100)]
    names = branches(repository)
    await eventually(lambda: client.most_streams is not None)
    assert client.most_streams == 100
    pending = [client.send("DELETE", caches(repository, name)) for name in names[:100]]
    await eventually(lambda: tls_site.faults.delete_fault[0].times == 0)
    assert not any(stream.ended.is_set() for stream in pending)
    for stream in pending[:20]:
        client.h2.reset_stream(stream.id, ErrorCodes.CANCEL)
    client.flush()
    assert {(await client.call("DELETE", caches(repository, name))).status for name in names[100:]} == {200}
    assert branches(repository) == sorted(names[:100])


async def test_slow_calls_are_answered_as_they_get_done(
    tls_site: StandIn, repository: Repository, client: Http2Client
) -> None:
    tls_site.faults.delete_latency_s = 0.3
    slow = client.send("DELETE", caches(repository, "main"))
    assert (await client.call("GET", "/user")).status == 200
    assert not slow.ended.is_set()
    await asyncio.wait_for(slow.ended.wait(), 30)
    assert slow.payload["caches"] == []


@pytest.mark.parametrize("window", [100, 65535, 4_000_000])
async def test_long_responses_obey_the_flow_control(tls_site: StandIn, repository: Repository, window: int) -> None:
    """h2, the client's library, raises an error if more is sent than it allowed."""
    repository.fill(1000)
    async with http2_client(tls_site, tls_site.api_url, window=window) as client:
        lists = [client.send("GET", caches(repository)) for _ in range(3)]
        for stream in lists:
            await asyncio.wait_for(stream.ended.wait(), 60)
            assert len(stream.payload["caches"]) == 1000
        assert len(lists[0].body) > 2 * 65535


async def test_a_client_that_does_not_read_holds_up_no_other(
    tls_site: StandIn, repository: Repository, client: Http2Client
) -> None:
    job = tls_site.add_job(repository)
    job.log = lambda: "line\n" * 2_000_000  # type: ignore[method-assign]
    async with http2_client(tls_site, tls_site.api_url, window=2**30) as slow:
        slow.h2.increment_flow_control_window(2**30)
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        log = slow.send("GET", f"/job/{job.id}/log.txt")
        assert (await client.call("GET", "/user")).status == 200
        slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
        await asyncio.wait_for(log.ended.wait(), 60)
        assert len(log.body) == 10_000_000


async def test_responses_without_a_body_have_none(tls_site: StandIn) -> None:
    async with http2_client(tls_site, tls_site.url) as web:
        head = await web.call("HEAD", "/assets/app.js")
        page = await web.call("GET", "/assets/app.js")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"] == str(len(page.body))
    async with http2_client(tls_site, tls_site.third_party_url) as third:
        collected = await third.call("POST", "/collect", b"x" * 50_000)
    assert (collected.status, collected.body, "content-length" in collected.headers) == (204, b"", False)


async def test_faults_are_set_over_http2(tls_site: StandIn, repository: Repository, client: Http2Client) -> None:
    repository.add("main")
    faults = {
        "delete_fault": [{"kind": "refuse_stream", "times": 1}],
        "list_fault": {"kind": "reset_stream", "times": 1},
        "goaway": {"after": 3, "origin": "web"},
    }
    async with http2_client(tls_site, tls_site.url) as web:
        answer = await web.call("PATCH", "/_standin/faults", json.dumps(faults).encode())
        assert answer.payload["faults"]["goaway"] == {"after": 3, "times": 1, "origin": "web"}
        assert (await client.call("GET", caches(repository))).reset == ErrorCodes.INTERNAL_ERROR
        assert (await client.call("DELETE", caches(repository))).status == 200
        refused = await web.call("PATCH", "/_standin/faults", b'{"goaway": {"origin": "elsewhere"}}')
        assert (refused.status, b"must be one of 'web', 'api'" in refused.body) == (400, True)


@pytest.mark.parametrize("applied", ["none", "all"])
async def test_a_stream_is_reset_alone(
    tls_site: StandIn, repository: Repository, client: Http2Client, applied: str
) -> None:
    repository.add("main")
    tls_site.faults.delete_fault = [DeleteFault("main", kind="reset_stream", applied=applied)]  # type: ignore[arg-type]
    tls_site.faults.delete_latency_s = 0.1
    other = client.send("DELETE", caches(repository, "other"))
    assert (await client.call("DELETE", caches(repository, "main"))).reset == ErrorCodes.INTERNAL_ERROR
    assert branches(repository) == (["main"] if applied == "none" else [])
    await asyncio.wait_for(other.ended.wait(), 30)
    assert other.status == 200
    assert [request.status for request in tls_site.requests] == [200, None]


async def test_a_refused_stream_was_not_processed(
    tls_site: StandIn, repository: Repository, client: Http2Client
) -> None:
    repository.add("main")
    tls_site.faults.delete_fault = [DeleteFault("main", kind="refuse_stream", applied="all", times=1)]
    assert (await client.call("DELETE", caches(repository, "main"))).reset == ErrorCodes.REFUSED_STREAM
    assert branches(repository) == ["main"]
    assert (await client.call("DELETE", caches(repository, "main"))).status == 200
    assert branches(repository) == []


async def test_lists_fail_as_deletions_do(tls_site: StandIn, repository: Repository, client: Http2Client) -> None:
    tls_site.faults.list_fault = ListFault(kind="refuse_stream", times=1)
    assert (await client.call("GET", caches(repository))).reset == ErrorCodes.REFUSED_STREAM
    tls_site.faults.list_fault = ListFault(503, times=1)
    assert (await client.call("GET", caches(repository))).status == 503
    tls_site.faults.rate_limit_per_minute = 0
    limited = await client.call("GET", caches(repository))
    assert (limited.status, limited.body, "retry-after" in limited.headers) == (429, b"Retry later\n", False)


async def test_a_reset_connection_takes_all_its_streams_along(
    tls_site: StandIn, repository: Repository, client: Http2Client
) -> None:
    repository.add("main")
    tls_site.faults.delete_fault = [
        DeleteFault("slow", kind="hang"),
        DeleteFault("main", kind="reset", applied="all"),
    ]
    slow = client.send("DELETE", caches(repository, "slow"))
    reset = client.send("DELETE", caches(repository, "main"))
    await asyncio.wait_for(client.closed.wait(), 30)
    assert not slow.ended.is_set()
    assert not reset.ended.is_set()
    assert branches(repository) == []
    async with http2_client(tls_site, tls_site.api_url) as again:
        assert (await again.call("GET", "/user")).status == 200


async def test_a_connection_that_is_gone_is_not_reset(tls_site: StandIn) -> None:
    """As the second of two calls may find it."""
    _, writer, _ = await connected(tls_site.api_url, trusting(tls_site))
    reset(writer.transport)
    await writer.wait_closed()
    reset(writer.transport)


async def test_a_connection_that_goes_away_answers_its_earlier_streams(
    tls_site: StandIn, repository: Repository, client: Http2Client
) -> None:
    repository.fill(10)
    names = branches(repository)
    tls_site.faults.delete_latency_s = 0.1
    tls_site.faults.goaway = GoAway(after=6)
    streams = [client.send("DELETE", caches(repository, name)) for name in names]
    await asyncio.wait_for(client.going_away.wait(), 30)
    assert client.last_stream_id == streams[5].id
    for stream in streams[:6]:
        await asyncio.wait_for(stream.ended.wait(), 30)
        assert stream.status == 200
    assert not any(stream.ended.is_set() for stream in streams[6:])
    assert branches(repository) == names[6:]
    async with http2_client(tls_site, tls_site.api_url) as again:
        for name in names[6:]:
            assert (await again.call("DELETE", caches(repository, name))).status == 200
        assert not again.going_away.is_set()
    assert (branches(repository), tls_site.count("DELETE")) == ([], 10)


async def test_each_connection_can_go_away(tls_site: StandIn) -> None:
    tls_site.faults.goaway = GoAway(after=2, times=None)
    for _ in range(3):
        async with http2_client(tls_site, tls_site.api_url) as client:
            for _ in range(2):
                assert (await client.call("GET", "/user")).status == 200
            client.send("GET", "/user")
            await asyncio.wait_for(client.going_away.wait(), 30)
    async with http2_client(tls_site, tls_site.url) as web:
        for _ in range(3):
            assert (await web.call("GET", "/")).status == 200
    assert tls_site.count("GET", "/user") == 6


async def test_a_client_that_breaks_the_protocol_loses_its_connection(tls_site: StandIn, client: Http2Client) -> None:
    client.writer.write(b"\x00\x00\x01\x00\x00\x00\x00\x00\x09x")  # data on a stream that was not opened
    await asyncio.wait_for(client.closed.wait(), 30)
    assert client.last_stream_id == 0
    async with http2_client(tls_site, tls_site.api_url) as again:
        assert (await again.call("GET", "/user")).status == 200


async def test_a_client_may_go_away_itself(tls_site: StandIn, client: Http2Client) -> None:
    tls_site.faults.api_latency_s = 0.2
    client.send("GET", "/user")
    await eventually(lambda: tls_site.count("GET", "/user") == 1)
    client.h2.close_connection()
    client.flush()
    await asyncio.wait_for(client.closed.wait(), 30)


async def test_a_failure_of_the_stand_in_resets_the_stream(
    tls_site: StandIn, repository: Repository, client: Http2Client, caplog: pytest.LogCaptureFixture
) -> None:
    job = tls_site.add_job(repository)

    def fail() -> str:
        raise ArithmeticError("a defect")

    job.log = fail  # type: ignore[method-assign]
    assert (await client.call("GET", f"/job/{job.id}/log.txt")).reset == ErrorCodes.INTERNAL_ERROR
    assert (await client.call("GET", "/user")).status == 200
    await eventually(lambda: "a defect" in caplog.text)


async def test_the_stand_in_stops_with_calls_in_flight() -> None:
    with StandIn(costs=False, tls=True) as site:
        repository = site.add_repository("acme/widgets")
        site.faults.delete_fault = [DeleteFault(kind="hang", times=1)]
        site.faults.delete_latency_s = 0.0
        async with http2_client(site, site.api_url) as client:
            hanging = client.send("DELETE", caches(repository, "main"))
            await eventually(lambda: site.count("DELETE") == 1)
            site.faults.delete_latency_s = 3600
            client.send("DELETE", caches(repository, "other"))
            await eventually(lambda: site.count("DELETE") == 2)
            await asyncio.to_thread(site.__exit__)
            await asyncio.wait_for(client.closed.wait(), 30)
            assert not hanging.ended.is_set()
