"""Restage behind a proxy that speaks https: gunicorn as a process, called as a proxy calls it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from tests import processes
from tests.conftest import make_photo

SITE = "https://restage.example.com"
# What a proxy says of a browser's request by https.
BY_HTTPS = {"Host": "restage.example.com", "X-Forwarded-Proto": "https"}
BY_HTTP = {**BY_HTTPS, "X-Forwarded-Proto": "http"}


@dataclass(frozen=True)
class Installed:
    """An installation with one operator."""

    folder: Path
    env: dict[str, str]
    password: str
    token: str

    @contextmanager
    def served(self, **env: str) -> Iterator[httpx.Client]:
        """Run gunicorn as production does; yield who calls it."""
        port, log = processes.free_port(), self.folder / "gunicorn.log"
        command = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
        command += ["--access-logfile", "-"]
        with (
            processes.running(sys.executable, *command, log=log, env={**self.env, **env}),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as proxy,
        ):
            processes.wait_for(lambda: _answers(proxy), log=log)
            yield proxy

    @property
    def signed_in(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("proxy")
    env = {
        # For static files that nobody collected, as in the demo.
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "a key of nobody",
        "ALLOWED_HOSTS": "restage.example.com",
        "DATABASE_URL": f"sqlite:///{folder}/restage.sqlite3",
        "MEDIA_ROOT": str(folder / "media"),
        "CELERY_BROKER_URL": "memory://",
        "PUBLIC_URL": SITE,
    }
    _manage("migrate", "--no-input", env=env)
    made = json.loads(_manage("create_operator", "ann", env=env).splitlines()[-1])
    return Installed(folder, env, password=made["password"], token=made["token"])


@pytest.fixture(scope="module")
def proxy(installed: Installed) -> Iterator[httpx.Client]:
    """A proxy whose word is believed."""
    with installed.served(TRUSTED_PROXY="1") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def nobody(installed: Installed) -> Iterator[httpx.Client]:
    """Somebody who says the same and is not believed."""
    with installed.served(TRUSTED_PROXY="0") as nobody:
        yield nobody


def _manage(*command: str, env: dict[str, str]) -> str:
    run = [sys.executable, "manage.py", *command]
    whole = {**os.environ, **env}
    return subprocess.run(
        run, cwd=processes.ROOT, env=whole, capture_output=True, text=True, check=True
    ).stdout


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def stage(proxy: httpx.Client, installed: Installed) -> httpx.Response:
    answer = proxy.post(
        "/api/v1/staging/jobs",
        headers={**BY_HTTPS, **installed.signed_in},
        files={"image": ("room.jpg", make_photo())},
        data={"room_type": "bedroom"},
    )
    assert answer.status_code == 202, answer.text
    return answer


def test_absolute_addresses_are_the_sites_own(proxy: httpx.Client, installed: Installed) -> None:
    answer = stage(proxy, installed)

    photo = answer.json()["photo"]
    addresses = [answer.headers["Location"], photo["url"], photo["thumbnail_url"]]
    assert [one.startswith(f"{SITE}/api/v1/") for one in addresses] == [True] * 3


def test_a_photo_is_read_under_the_address_that_was_given(
    proxy: httpx.Client, installed: Installed
) -> None:
    address = stage(proxy, installed).json()["photo"]["url"].removeprefix(SITE)

    answer, head = proxy.get(address, headers=BY_HTTPS), proxy.head(address, headers=BY_HTTPS)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.content))


def test_the_access_log_holds_no_signature(proxy: httpx.Client, installed: Installed) -> None:
    address = stage(proxy, installed).json()["photo"]["url"].removeprefix(SITE)
    path, _, signature = address.partition("?signature=")

    proxy.get(address, headers={**BY_HTTPS, "Referer": f"{SITE}{address}"})
    # What is refused, Django logs too.
    proxy.get(f"{path}?signature=x{signature}", headers=BY_HTTPS)

    log = installed.folder / "gunicorn.log"
    processes.wait_for(lambda: f"Not Found: {path}" in log.read_text(), log=log)
    assert (f"GET {path}" in log.read_text(), signature in log.read_text()) == (True, False)


@pytest.mark.parametrize("host", ["evil.example", "evil.example, restage.example.com"])
def test_no_other_host_is_believed(proxy: httpx.Client, installed: Installed, host: str) -> None:
    lies = {**BY_HTTPS, **installed.signed_in, "X-Forwarded-Host": host}

    answer = proxy.get("/", headers=lies)
    refused = proxy.get("/", headers={**BY_HTTPS, "Host": host})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert refused.status_code == 400


def test_http_is_sent_to_https_once(proxy: httpx.Client) -> None:
    by_http, by_https = (proxy.get("/admin/login/", headers=how) for how in (BY_HTTP, BY_HTTPS))

    assert (by_http.status_code, by_http.headers["Location"]) == (301, f"{SITE}/admin/login/")
    assert (by_https.status_code, by_https.is_redirect) == (200, False)
    assert by_https.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_hsts_reaches_further_by_choice(installed: Installed) -> None:
    chosen = {"HSTS_INCLUDE_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"}
    with installed.served(TRUSTED_PROXY="1", **chosen) as proxy:
        answer = proxy.get("/admin/login/", headers=BY_HTTPS)

    told = answer.headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains; preload"


def test_static_files_have_a_policy_too(proxy: httpx.Client) -> None:
    answer = proxy.get("/static/restage/favicon.svg", headers=BY_HTTPS)

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")


def test_an_operator_signs_in_through_the_proxy(proxy: httpx.Client, installed: Installed) -> None:
    answer = sign_in(proxy, installed, origin=SITE)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) >= 2
    assert all("; Secure" in one and "; SameSite=Lax" in one for one in cookies)


def test_nobody_signs_in_from_a_page_of_another_site(
    proxy: httpx.Client, installed: Installed
) -> None:
    answer = sign_in(proxy, installed, origin="https://evil.example")

    assert answer.status_code == 403


def test_without_a_proxy_its_word_is_not_believed(
    nobody: httpx.Client, installed: Installed
) -> None:
    headers = {**BY_HTTPS, **installed.signed_in}
    answer = nobody.get("/api/v1/schema?format=json", headers=headers)
    job = stage(nobody, installed)

    assert "Strict-Transport-Security" not in answer.headers
    assert job.headers["Location"].startswith("http://restage.example.com/")


def test_without_a_proxy_nothing_is_redirected_to_itself(nobody: httpx.Client) -> None:
    answers = [nobody.get("/admin/login/", headers=how) for how in (BY_HTTP, BY_HTTPS)]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_two_web_processes_count_wrong_passwords_together(
    proxy: httpx.Client, installed: Installed
) -> None:
    """And each guess with another address in front of the one that the proxy added."""
    wrong = replace(installed, password="wrong")
    with installed.served(TRUSTED_PROXY="1") as second:
        answers = [
            sign_in(one, wrong, origin=SITE, forwarded=f"198.51.100.{number}, 203.0.113.7")
            for number, one in enumerate([proxy, second, proxy, second, proxy])
        ]
        locked = sign_in(second, installed, origin=SITE, forwarded="203.0.113.7")
        elsewhere = sign_in(second, installed, origin=SITE, forwarded="203.0.113.8")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert (locked.status_code, elsewhere.status_code) == (429, 302)


def sign_in(
    proxy: httpx.Client, installed: Installed, *, origin: str, forwarded: str = "203.0.113.1"
) -> httpx.Response:
    """Fill in the form as a browser does, whose cookies are secure and so not httpx's to send."""
    page = proxy.get("/admin/login/", headers=BY_HTTPS)
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    form = {"username": "ann", "password": installed.password, "next": "/admin/"}
    return proxy.post(
        "/admin/login/",
        headers={
            **BY_HTTPS,
            "Origin": origin,
            "Cookie": cookie,
            "X-Forwarded-For": forwarded,
        },
        data={**form, "csrfmiddlewaretoken": found.group(1)},
    )
