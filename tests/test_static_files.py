"""Static files: served under names that may be kept for good, and nothing else is."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from pytest_django import Settings

from mqlab.static_files import collect_if_changed
from tests.lab_server import LabServer

HASHED_STORAGE = {"staticfiles": {"BACKEND": "mqlab.static_files.HashedStorage"}}


def hashed(server: LabServer, name: str) -> str:
    names = json.loads((server.data / "static" / "staticfiles.json").read_text())["paths"]
    return f"{server.url}/static/{names[name]}"


def test_a_file_is_served_under_its_hashed_name_and_may_be_kept_for_good(server: LabServer) -> None:
    with urllib.request.urlopen(hashed(server, "css/base.css"), timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
        assert b".masthead" in answer.read()


def test_a_browser_that_takes_gzip_gets_it(server: LabServer) -> None:
    request = urllib.request.Request(hashed(server, "css/base.css"), headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b".masthead" in gzip.decompress(answer.read())


def test_a_module_is_served_as_javascript(server: LabServer) -> None:
    with urllib.request.urlopen(hashed(server, "js/theme.js"), timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/javascript")


def test_a_head_request_has_no_body(server: LabServer) -> None:
    request = urllib.request.Request(hashed(server, "css/base.css"), method="HEAD")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.read() == b""


@pytest.mark.parametrize(
    "path",
    [
        "/static/css/base.css",  # the name without its hash is not kept
        "/static/../mqlab.sqlite3",
        "/static/%2e%2e/mqlab.sqlite3",
        "/static/../secret",
        "/static/../static.collected",
        "/static/css/",
        "/static/css/none.css",
    ],
)
def test_nothing_else_is_served(server: LabServer, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server.url + path, timeout=10).close()
    with refused.value as answer:
        assert answer.code == 404


def collected_js(root: Path) -> str:
    names = json.loads((root / "staticfiles.json").read_text())["paths"]
    return (root / names["one.js"]).read_text()


def test_a_change_is_collected_and_the_names_inside_imports_are_hashed(
    tmp_path: Path, settings: Settings
) -> None:
    source, root = tmp_path / "source", tmp_path / "root"
    source.mkdir()
    (source / "two.js").write_text("export const two = 2;\n")
    (source / "one.js").write_text('import { two } from "./two.js";\n')
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = root
    settings.STORAGES = {**settings.STORAGES, **HASHED_STORAGE}

    assert collect_if_changed() is True
    assert collect_if_changed() is False
    before = collected_js(root)
    assert '"./two.js"' not in before

    (source / "two.js").write_text("export const two = 1 + 1;\n")
    assert collect_if_changed() is True
    assert collected_js(root) != before
