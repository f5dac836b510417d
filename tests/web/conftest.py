"""The exported page, made once for all its tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The page of a model that scores parts at random, but is sure of them."""
    from models import save_random_parts
    from sites import VENDOR

    from condcolor.web.page_export import export_page

    model = save_random_parts(tmp_path_factory.mktemp("q") / "q", seed=4, gain=60)
    folder = tmp_path_factory.mktemp("site") / "site"
    export_page(model, folder, vendor=VENDOR)
    return folder


@pytest.fixture
def opened_site(browser):
    """Opens a folder's page, as `opening_site` says."""
    from sites import opening_site

    with opening_site(browser) as open_page:
        yield open_page
