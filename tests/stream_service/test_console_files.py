"""The console's files come packed, are asked for again cheaply, and bring a policy that lets nothing else in."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.s3 import S3RecordingStore
from shared.settings import Settings, load_settings
from stream_service.console_files import FOLDER, TYPES, console_configuration, console_routes, security_headers

IN_AWS = {
    "ENVIRONMENT": "production",
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani:hunter2@db/vaani",
    "DATABASE_CA_FILE": "/etc/ssl/certs/authorities.pem",
    "REDIS_URL": "rediss://cache:6379",
    "BUCKET": "vaani-data",
    "AWS_REGION": "ap-southeast-1",
    "JWT_ISSUER": "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_Example",
    "JWT_AUDIENCE": "front-end-client",
}
LOCAL = {
    **IN_AWS,
    "ENVIRONMENT": "development",
    "PUBLIC_BASE_URL": "http://127.0.0.1:8080",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:8082",
    "JWT_ISSUER": "http://127.0.0.1:8085",
    "CONSOLE_SIMULATOR_URL": "http://127.0.0.1:8083",
}
PAGE = "<!doctype html><title>Console</title>" + "<p>many words</p>" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shell").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "shell" / "api.js").write_text("export const answer = 42;\n")
    (tmp_path / "notes.txt").write_text("not for the public")
    (tmp_path.parent / "outside.js").write_text("secret")
    return tmp_path


def client(folder: Path, environment: dict[str, str] = IN_AWS) -> httpx.AsyncClient:
    app = Starlette(routes=console_routes(load_settings(environment), folder))
    headers = {"accept-encoding": "identity"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://vaani.example", headers=headers)


def directives(settings: Settings) -> dict[str, list[str]]:
    entries = (entry.split() for entry in security_headers(settings)["content-security-policy"].split(";"))
    return {name: sources for name, *sources in entries}


async def test_the_address_without_a_slash_leads_to_the_folder(folder: Path) -> None:
    response = await client(folder).get("/console")

    assert (response.status_code, response.headers["location"]) == (308, "/console/")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("", "text/html; charset=utf-8"), ("index.html", "text/html; charset=utf-8"), ("shell/api.js", "text/javascript")],
)
async def test_files_come_with_their_type(folder: Path, path: str, content_type: str) -> None:
    response = await client(folder).get(f"/console/{path}")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(content_type)
    assert response.content == (folder / (path or "index.html")).read_bytes()


async def test_a_file_comes_packed_to_whoever_unpacks_it(folder: Path) -> None:
    response = await client(folder).get("/console/", headers={"accept-encoding": "br, gzip;q=0.8"})

    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "accept-encoding"
    assert response.text == PAGE
    assert int(response.headers["content-length"]) < len(PAGE) / 2


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip; q=0.0, br", "*;q=0", "gzipped"])
async def test_a_file_comes_plain_to_whoever_does_not(folder: Path, accepted: str) -> None:
    response = await client(folder).get("/console/", headers={"accept-encoding": accepted})

    assert "content-encoding" not in response.headers
    assert response.text == PAGE


async def test_the_two_forms_have_tags_of_their_own(folder: Path) -> None:
    async with client(folder) as console:
        plain = await console.get("/console/")
        packed = await console.get("/console/", headers={"accept-encoding": "gzip"})

    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["cache-control"] == packed.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_what_the_browser_has_is_not_sent_again(folder: Path, form: str) -> None:
    async with client(folder) as console:
        tag = (await console.get("/console/")).headers["etag"]
        response = await console.get("/console/", headers={"if-none-match": form.format(tag)})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == tag
    assert "content-security-policy" in response.headers


async def test_a_changed_file_is_sent_again(folder: Path) -> None:
    async with client(folder) as console:
        tag = (await console.get("/console/")).headers["etag"]
        response = await console.get("/console/shell/api.js", headers={"if-none-match": tag})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "missing.js",
        "shell",
        "shell/",
        "notes.txt",
        "../outside.js",
        "%2e%2e/outside.js",
        "..%2foutside.js",
        "shell/..%2f..%2foutside.js",
        "/etc/passwd",
        "%00",
    ],
)
async def test_nothing_else_is_served(folder: Path, path: str) -> None:
    response = await client(folder).get(f"/console/{path}")

    assert response.status_code == 404
    assert "secret" not in response.text


async def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "linked.js").symlink_to(folder.parent / "outside.js")

    response = await client(folder).get("/console/linked.js")

    assert response.status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_files_are_only_read(folder: Path, method: str) -> None:
    response = await client(folder).request(method, "/console/index.html")

    assert response.status_code == 405


async def test_whoever_works_on_the_files_sees_them_at_once(folder: Path) -> None:
    async with client(folder, LOCAL) as console:
        await console.get("/console/")
        (folder / "index.html").write_text("<!doctype html><title>New</title>")
        os.utime(folder / "index.html", ns=(1, 1))
        (folder / "shell" / "api.js").unlink()
        changed = await console.get("/console/")
        removed = await console.get("/console/shell/api.js")

    assert "New" in changed.text
    assert removed.status_code == 404


async def test_in_production_the_folder_is_read_once(folder: Path) -> None:
    async with client(folder) as console:
        (folder / "index.html").unlink()
        response = await console.get("/console/")

    assert response.text == PAGE


async def test_the_configuration_says_where_to_sign_in(folder: Path) -> None:
    response = await client(folder).get("/console/config.json")

    assert response.json() == {
        "api_base_url": "",
        "updates_url": "/updates",
        "sign_in": {
            "kind": "cognito",
            "endpoint": "https://cognito-idp.ap-southeast-1.amazonaws.com",
            "client_id": "front-end-client",
        },
        "simulator_url": None,
        "environment": "production",
    }


def test_without_an_identity_provider_there_is_no_sign_in() -> None:
    settings = load_settings({**IN_AWS, "JWT_ISSUER": ""})

    assert console_configuration(settings)["sign_in"] is None


def test_only_the_local_platform_names_its_simulator() -> None:
    assert console_configuration(load_settings(LOCAL))["simulator_url"] == "http://127.0.0.1:8083"


@pytest.mark.parametrize("environment", [IN_AWS, LOCAL], ids=["aws", "local"])
def test_the_policy_allows_neither_inline_code_nor_strangers(environment: dict[str, str]) -> None:
    policy = directives(load_settings(environment))

    assert (
        policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
    )
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == ["'self'"]
    sources = {source for listed in policy.values() for source in listed}
    assert not sources & {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}


def test_the_page_may_ask_its_own_parts() -> None:
    aws, local = directives(load_settings(IN_AWS)), directives(load_settings(LOCAL))

    assert set(aws["connect-src"]) == {
        "'self'",
        "wss://vaani.example",
        "https://cognito-idp.ap-southeast-1.amazonaws.com",
        "https://vaani-data.s3.ap-southeast-1.amazonaws.com",
    }
    assert {"http://127.0.0.1:8083", "ws://127.0.0.1:8083", "http://127.0.0.1:8085"} <= set(local["connect-src"])


@pytest.mark.parametrize("region", ["ap-south-1", "ap-southeast-1"])
@pytest.mark.parametrize("environment", [IN_AWS, LOCAL], ids=["aws", "local"])
async def test_recordings_may_be_loaded_from_where_their_links_lead(
    environment: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings = load_settings({**environment, "AWS_REGION": region})
    s3 = AwsClient("s3", region=region, endpoint_url=settings.aws_endpoint_url)
    link = httpx.URL(await S3RecordingStore("vaani-data", s3).link("recordings/a.wav", ttl_seconds=60))

    policy = directives(settings)

    origin = f"{link.scheme}://{link.netloc.decode()}"
    assert all(origin in policy[directive] for directive in ("connect-src", "media-src", "img-src"))


def test_everything_in_the_folder_is_of_a_kind_that_is_served() -> None:
    unknown = [file.name for file in FOLDER.rglob("*") if file.is_file() and file.suffix not in TYPES]

    assert unknown == []
