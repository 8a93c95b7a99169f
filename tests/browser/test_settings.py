"""Settings of the browser that exclude each other."""

from __future__ import annotations

import pytest

from purger.browser.settings import BrowserSettings
from purger.core.errors import InputError


def test_a_browser_that_a_variable_names_is_known_to_be_in_the_way_of_a_remote_one() -> None:
    with pytest.raises(InputError, match="--browser and --headed can't be used with it") as raised:
        BrowserSettings(browser="chrome", connect="http://browsers.internal:9222")
    assert "unset PURGER_BROWSER and PURGER_HEADED" in (raised.value.remedy or "")
