"""What tests of the page share: a model with doubts, its server and page; the exported page, made once."""

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


@pytest.fixture(scope="module")
def model():
    """A model of parts that is in doubt about one of the boxes of `four`."""
    from models import PartsInDoubt, make_parts_model

    from condcolor.inference.torch_colorizer import TorchColorizer

    return TorchColorizer(make_parts_model(PartsInDoubt), device="cpu")


@pytest.fixture(scope="module")
def models(model):
    """The models that the page has, by name; modules have others."""
    return {"parts": model}


@pytest.fixture(scope="module")
def url(models):
    from webserver import serving

    from condcolor.web.app import make_app

    with serving(make_app(models)) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def opened(browser, url):
    from pages import opening

    with opening(browser, url) as open_page:
        yield open_page
