"""Several repositories that wait for one browser."""

from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock, Mock

import pytest

from purger.browser.settings import BrowserSettings
from purger.browser.supervise import BrowserSupervisor


async def test_a_browser_that_dies_at_its_start_is_replaced_once_for_all_who_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browsers = BrowserSupervisor(BrowserSettings(), AsyncMock())
    dead, living = Mock(is_connected=lambda: False), Mock(is_connected=lambda: True)
    monkeypatch.setattr(browsers, "_start", AsyncMock(side_effect=[dead, living]))
    assert await asyncio.gather(*(browsers.get() for _ in range(4))) == [living] * 4
