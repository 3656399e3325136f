"""The command that tries what is believed of Replicate, before a sandbox that is made to differ."""

import copy
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from modelsettings.candidates import subject_of
from modelsettings.catalog.shipped import shipped_models
from modelsettings.management.commands.check_replicate import receive_webhooks
from replicate_api.assumptions import CHECKS, try_all
from replicate_api.assumptions.expiry import output_is_kept, record_is_kept
from replicate_api.assumptions.listing import list_leads_on
from replicate_api.assumptions.trial import Trial, Wait
from replicate_api.client import ReplicateClient
from tests import processes
from tests.conftest import make_photo
from tests.modelsettings.liar import Exchange, Liar, Lie

INPUT: dict[str, object] = {"prompt": "x", "image": "https://a.example/b.jpg"}
TOKEN = "r8_a_token_that_must_not_be_seen"
SUBJECT = "qwen/qwen-image-edit"
OTHER = "bytedance/seedream-4"

SCHEMA = "{} is published as the catalogue has it"
SECRET = "The webhook secret is readable"
UNKNOWN = "An unknown prediction is a 404"
UPLOAD = "An upload has an address and a time until which it holds"
CREATE = "A create answers with an id at once"
FILES = "The Files address is accepted as input"
SHOWN = "A prediction shows the photo's address in its input"
LISTED = "The list shows the photo's address: a lost purchase is found again"
WEBHOOK = "The webhook's address is shown by the list"
EVENTS = "The webhook's events are shown by the list"
ARRIVES = "The webhook arrives"
SIGNATURE = "The webhook's signature verifies"
OUTPUT = "An output is on a host that we fetch from, without the token"
CANCEL = "Canceling what is finished changes nothing"
NULL = "null is refused where it is not allowed, and the input is named"
ENUM = "A value outside an enum is refused, and the input is named"
KEYS = "An input that the schema does not name is refused or ignored"
DEADLINE = "Cancel-After is shown as a deadline"
ENDS = "Cancel-After ends what takes longer"
FILTERS = "The list's created_after and created_before hold"
NEWEST = "The list begins with the newest"
NEXT = "A page of the list leads to the next"
ONLY = "Only the events asked for arrive"
LIMIT = "A 429 says how long to wait"
FILE_KEPT = "An uploaded file is there until it expires"
OUTPUT_KEPT = "An output is kept for the better part of an hour"
INPUT_KEPT = "A prediction's input is kept for the better part of an hour"
RUNNING = "Canceling ends what runs"

# What a sandbox that misbehaves in nothing leaves open.
NOT_TRIED = {ENDS, NEXT, RUNNING, LIMIT, FILE_KEPT, OUTPUT_KEPT, INPUT_KEPT}


def _command(url: str, *options: str) -> tuple[list[str], dict[str, str]]:
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONUNBUFFERED": "1"}
    env |= {"REPLICATE_API_TOKEN": TOKEN, "REPLICATE_BASE_URL": url}
    return [sys.executable, "manage.py", "check_replicate", *options], os.environ | env


@pytest.fixture(scope="module", autouse=True)
def process(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """A run as a real process, of 5 seconds and more: it goes on while other tests run.

    Its second prediction hangs until its deadline.
    """
    folder = tmp_path_factory.mktemp("process")
    with processes.sandbox(folder / "log", "--seconds", "0.2", "--token", TOKEN) as url:
        hang = {"on": "create", "do": "hang", "after": 1}
        httpx.post(f"{url}/_sandbox/faults", json=hang).raise_for_status()
        command, env = _command(url, "--yes", "--report", str(folder))
        with subprocess.Popen(
            command,
            env=env,
            cwd=processes.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            yield folder, process
            process.kill()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("sandbox") / "log"
    options = ("--seconds", "0.02", "--creations-per-minute", "60000", "--token", TOKEN)
    with processes.sandbox(log, *options) as url:
        yield url


@pytest.fixture(scope="module")
def _liar(sandbox: str) -> Iterator[Liar]:
    with Liar.running(sandbox) as liar:
        yield liar


@pytest.fixture
def liar(_liar: Liar, settings: Settings) -> Liar:
    """The proxy before a sandbox that remembers nothing and behaves."""
    _liar.reset()
    settings.REPLICATE_API_TOKEN, settings.REPLICATE_BASE_URL = TOKEN, _liar.url
    return _liar


def run(folder: Path, *options: str, patience_s: float = 10) -> tuple[dict[str, str], str]:
    """Run the command; return the outcomes by name, and all that it printed.

    It tries SUBJECT where the options name no model: what a lie changes depends on its inputs.
    """
    stdout = io.StringIO()
    if "--model" not in options:
        options = ("--model", SUBJECT, *options)
    try:
        call_command(
            "check_replicate",
            *("--yes", "--patience", str(patience_s), "--report", str(folder), *options),
            stdout=stdout,
            stderr=stdout,
            no_color=True,
        )
    except CommandError as error:
        stdout.write(str(error))
    output = stdout.getvalue()
    lines = re.findall(r"^(held|failed|not tried) {2,}(\S.*)$", output, re.MULTILINE)
    return {name: outcome for outcome, name in lines}, output


def changed(outcomes: dict[str, str]) -> dict[str, str]:
    """Return the outcomes that differ from those of a sandbox that behaves."""
    usual = {name: "not tried" if name in NOT_TRIED else "held" for name in outcomes}
    return {name: one for name, one in outcomes.items() if one != usual[name]}


def test_everything_holds_against_the_sandbox(liar: Liar, tmp_path: Path) -> None:
    outcomes, output = run(tmp_path)

    assert changed(outcomes) == {}
    count = len(shipped_models())
    assert len(outcomes) == 1 + count + len(CHECKS)
    assert f"{21 + count} held, 0 failed, 7 not tried." in output
    assert len(liar.bought()) == 2


def patience_s(difference: dict[str, str]) -> float:
    """Return a short patience where it will run out, a long one where a slow machine needs it."""
    waits = {LISTED, ARRIVES, FILTERS}
    return 0.3 if any(difference.get(name) == "failed" for name in waits) else 10


def _after(condition: str, **changes: object) -> Lie:
    """Return a lie that sets or, with None, deletes fields of an answer, or of a list's items."""

    def lie(exchange: Exchange) -> None:
        if not getattr(exchange, condition) or exchange.status >= 300:
            return
        for one in exchange.answer.get("results", [exchange.answer]):
            for name, value in changes.items():
                one[name] = value
                if value is None:
                    del one[name]

    return lie


def _bad_secret(exchange: Exchange) -> None:
    if exchange.path.endswith("/secret"):
        exchange.answer = {"key": "whsec_!!"}


def _knows_everything(exchange: Exchange) -> None:
    if exchange.is_show and exchange.status == 404:
        exchange.status, exchange.answer = 200, {"id": "0" * 26, "status": "starting"}


def _upload_for_ever(exchange: Exchange) -> None:
    if exchange.path == "/v1/files":
        del exchange.answer["expires_at"]


def _upload_for_a_minute(exchange: Exchange) -> None:
    if exchange.path == "/v1/files":
        exchange.answer["expires_at"] = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()


def _output_among_files(exchange: Exchange) -> None:
    if exchange.is_show and exchange.answer.get("output"):
        path = exchange.answer["output"][0].partition("/outputs/")[2]
        exchange.answer["output"] = [exchange.answer["input"]["image"] + path[-4:]]


class _CancelsTheFinished:
    def __init__(self) -> None:
        self.canceled = ""

    def __call__(self, exchange: Exchange) -> None:
        if exchange.path.endswith("/cancel"):
            self.canceled = exchange.path.removesuffix("/cancel")
        if exchange.path == self.canceled:
            exchange.answer["status"] = "canceled"


def _no_invalid_fields(exchange: Exchange) -> None:
    if exchange.status == 422:
        del exchange.answer["invalid_fields"]


def _late_deadline(exchange: Exchange) -> None:
    if exchange.is_create and exchange.status == 201:
        exchange.answer["deadline"] = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()


def _oldest_first(exchange: Exchange) -> None:
    if exchange.is_list:
        exchange.answer["results"].reverse()


def _model_gone(exchange: Exchange) -> None:
    if exchange.path == f"/v1/models/{OTHER}":
        exchange.status, exchange.answer = 404, {"detail": "Not found.", "status": 404}


@pytest.mark.parametrize(
    ("lie", "difference"),
    [
        (_bad_secret, {SECRET: "failed", SIGNATURE: "not tried"}),
        (_knows_everything, {UNKNOWN: "failed"}),
        (_upload_for_ever, {UPLOAD: "failed"}),
        (_upload_for_a_minute, {UPLOAD: "failed"}),
        (_after("is_show", input={"image": "elsewhere"}), {SHOWN: "failed"}),
        (
            _after("is_list", input={"image": "elsewhere"}),
            {LISTED: "failed", WEBHOOK: "not tried", EVENTS: "not tried"},
        ),
        (_after("is_list", webhook=None), {WEBHOOK: "failed"}),
        (_after("is_list", webhook_events_filter=None), {EVENTS: "failed"}),
        (_output_among_files, {OUTPUT: "failed"}),
        (_CancelsTheFinished(), {CANCEL: "failed"}),
        (_no_invalid_fields, {NULL: "failed", ENUM: "failed"}),
        (_after("is_create", deadline=None), {DEADLINE: "failed"}),
        (_late_deadline, {DEADLINE: "failed"}),
        (_oldest_first, {NEWEST: "failed"}),
        (_model_gone, {SCHEMA.format(OTHER): "failed"}),
    ],
)
def test_an_answer_that_differs(
    liar: Liar, tmp_path: Path, lie: Lie, difference: dict[str, str]
) -> None:
    liar.after = lie

    assert changed(run(tmp_path, patience_s=patience_s(difference))[0]) == difference


def _accepts_null(exchange: Exchange) -> None:
    if exchange.is_create:
        given = exchange.request["input"]
        exchange.request["input"] = {k: v for k, v in given.items() if v is not None}


def _accepts_any_choice(exchange: Exchange) -> None:
    if exchange.is_create and exchange.request["input"].get("output_format"):
        exchange.request["input"]["output_format"] = "png"


def _tells_of_the_start(exchange: Exchange) -> None:
    if exchange.is_create and "webhook" in exchange.request:
        exchange.request["webhook_events_filter"] = ["start", "completed"]


def _knows_no_created_after(exchange: Exchange) -> None:
    exchange.path = re.sub("created_after=[^&]*", "", exchange.path)


def _knows_no_created_before(exchange: Exchange) -> None:
    exchange.path = re.sub("created_before=[^&]*", "", exchange.path)


@pytest.mark.parametrize(
    ("lie", "difference"),
    [
        (_accepts_null, {NULL: "failed", ENUM: "not tried", KEYS: "not tried"}),
        (_accepts_any_choice, {ENUM: "failed", KEYS: "not tried"}),
        (_tells_of_the_start, {EVENTS: "failed", ONLY: "failed"}),
        (_knows_no_created_after, {FILTERS: "failed"}),
        (_knows_no_created_before, {FILTERS: "failed"}),
    ],
)
def test_a_request_that_is_taken_otherwise(
    liar: Liar, tmp_path: Path, lie: Lie, difference: dict[str, str]
) -> None:
    liar.before = lie

    assert changed(run(tmp_path, patience_s=patience_s(difference))[0]) == difference
    assert len(liar.bought()) == 2


@pytest.mark.parametrize(
    ("fields", "difference"),
    [
        ({"on": "webhook", "do": "forge"}, {SIGNATURE: "failed"}),
        ({"on": "webhook", "do": "stale"}, {SIGNATURE: "failed"}),
        (
            {"on": "webhook", "do": "lose"},
            {ARRIVES: "failed", SIGNATURE: "not tried", ONLY: "not tried"},
        ),
        ({"on": "webhook", "do": "garble"}, {ARRIVES: "failed", ONLY: "failed"}),
        ({"on": "webhook", "do": "repeat"}, {}),
        ({"on": "create", "do": "fail"}, {FILES: "failed", OUTPUT: "not tried"}),
        ({"on": "create", "do": "foreign_output"}, {OUTPUT: "failed"}),
        ({"on": "create", "do": "html_output"}, {OUTPUT: "failed"}),
        (
            {"on": "create", "do": "hide_from_list"},
            {LISTED: "failed", WEBHOOK: "not tried", EVENTS: "not tried", FILTERS: "failed"}
            | {NEWEST: "not tried"},
        ),
        ({"on": "create", "do": "cancel", "after": 1}, {ENDS: "failed"}),
        # The sixth create is the first of the flood.
        ({"on": "create", "do": "status", "status": 429, "after": 5}, {LIMIT: "failed"}),
        ({"on": "cancel", "do": "status"}, {}),
    ],
)
def test_a_fault(
    liar: Liar, tmp_path: Path, fields: dict[str, object], difference: dict[str, str]
) -> None:
    liar.fault(**fields)

    outcomes, _ = run(tmp_path, "--burst", "1", patience_s=patience_s(difference))

    assert changed(outcomes) == difference


def test_without_a_valid_token_nothing_else_is_tried(
    liar: Liar, tmp_path: Path, settings: Settings
) -> None:
    settings.REPLICATE_API_TOKEN = "r8_another"

    outcomes, output = run(tmp_path)

    assert outcomes == {"The token is accepted": "failed"}
    assert "Unauthenticated: Replicate answered 401" in output


def test_a_limit_that_is_met_is_waited_out_and_believed(liar: Liar, tmp_path: Path) -> None:
    liar.fault(on="create", do="status", status=429, retry_after=1)

    outcomes, output = run(tmp_path)

    assert changed(outcomes) == {LIMIT: "held"}
    assert "1 s, told in its header." in output


def test_unknown_inputs_may_be_ignored(liar: Liar, tmp_path: Path) -> None:
    def ignore(exchange: Exchange) -> None:
        if exchange.is_create:
            exchange.request["input"].pop("no_such_input", None)

    liar.before = ignore

    outcomes, output = run(tmp_path)

    assert changed(outcomes) == {}
    assert "Accepted: a misspelt input is paid for" in output
    assert len(liar.bought()) == 2


def test_burst_meets_the_limit(tmp_path: Path, settings: Settings) -> None:
    options = ("--creations-per-minute", "60", "--seconds", "0")
    with processes.sandbox(tmp_path / "log", *options) as url:
        settings.REPLICATE_API_TOKEN, settings.REPLICATE_BASE_URL = TOKEN, url

        outcomes, output = run(tmp_path, "--burst", "30")

        assert changed(outcomes) == {LIMIT: "held"}
        assert "1 s, told in its header." in output
        record = httpx.get(f"{url}/_sandbox/record").json()
        assert len(record["predictions"]) == 2


def test_a_purchase_whose_answer_was_lost_is_canceled(liar: Liar, tmp_path: Path) -> None:
    liar.fault(on="create", do="hang")
    liar.fault(on="create", do="drop_after")

    outcomes, _ = run(tmp_path)

    lost = {FILES, SHOWN, LISTED, WEBHOOK, EVENTS, ARRIVES, SIGNATURE, OUTPUT}
    lost |= {CANCEL, ONLY, FILTERS}
    assert changed(outcomes) == dict.fromkeys(lost, "not tried") | {CREATE: "failed"}
    assert [one["status"] for one in liar.bought()] == ["canceled", "succeeded"]


@pytest.fixture
def published(liar: Liar) -> Iterator[dict[str, dict[str, Any]]]:
    """Copies of the shipped model files by slug; the sandbox publishes the real ones afterwards."""
    files = [json.loads(path.read_text()) for path in processes.CATALOG.glob("*.json")]
    yield {f"{one['owner']}/{one['name']}": copy.deepcopy(one) for one in files}
    for one in files:
        liar.publish(one)


def test_a_schema_that_drifted(
    liar: Liar, tmp_path: Path, published: dict[str, dict[str, Any]]
) -> None:
    schemas = published[OTHER]["latest_version"]["openapi_schema"]["components"]["schemas"]
    inputs = schemas["Input"]["properties"]
    inputs["width"] |= {"maximum": 2048, "default": 1024, "nullable": True}
    inputs["max_images"]["type"] = "number"
    inputs["magic"] = {"type": "boolean", "x-order": 20}
    del inputs["enhance_prompt"]
    schemas["size"]["enum"] = ["1K", "2K", "8K", "custom"]
    schemas["Input"]["required"] = ["prompt", "size"]
    liar.publish(published[OTHER])

    outcomes, output = run(tmp_path)

    assert changed(outcomes) == {SCHEMA.format(OTHER): "failed"}
    assert (
        "Enhance prompt: gone. Size: choices gone: 4K. Width: at most 4096 → at most 2048. "
        "Magic: new: on or off, no default. Size: choices added: 8K. Width: default 2048 → 1024. "
        "Width: null is taken now. Max images: whole number → number."
    ) in output


def test_a_renamed_photo_input_fails_the_schema_alone(
    liar: Liar, tmp_path: Path, published: dict[str, dict[str, Any]]
) -> None:
    source = published[SUBJECT]["latest_version"]["openapi_schema"]["components"]["schemas"][
        "Input"
    ]
    source["properties"]["input_image"] = source["properties"].pop("image")
    source["required"] = ["prompt", "input_image"]
    liar.publish(published[SUBJECT])

    outcomes, output = run(tmp_path)

    assert changed(outcomes) == {SCHEMA.format(SUBJECT): "failed"}
    assert "The photo is taken by input_image, no longer by image." in output


@pytest.fixture
def make_trial() -> Iterator[Callable[..., Trial]]:
    """Make trials without the command."""
    with ExitStack() as clients:

        def make(url: str, **given: Any) -> Trial:
            client = ReplicateClient(token=TOKEN, base_url=url)
            clients.callback(client.close)
            subject = subject_of(shipped_models()[SUBJECT].published)
            return Trial(client=client, subject=subject, photo=make_photo(), **given)

        yield make


def test_a_second_page_goes_on_with_the_next_older(
    sandbox: str, liar: Liar, make_trial: Callable[..., Trial]
) -> None:
    trial = make_trial(sandbox)
    liar.fault(on="create", do="abort", times=0)
    for _ in range(101):
        trial.client.create_prediction(model=SUBJECT, input=INPUT)

    assert list_leads_on(trial).result == "held"


def test_a_second_page_that_is_the_first_again(
    liar: Liar, make_trial: Callable[..., Trial]
) -> None:
    def stick(exchange: Exchange) -> None:
        if exchange.is_list:
            exchange.answer["next"] = f"{liar.url}/v1/predictions?source="

    trial = make_trial(liar.url)
    trial.client.create_prediction(model=SUBJECT, input=INPUT)
    liar.after = stick

    assert list_leads_on(trial).result == "failed"


def test_expiry_is_waited_for(tmp_path: Path, make_trial: Callable[..., Trial]) -> None:
    def promise(exchange: Exchange) -> None:
        if exchange.path == "/v1/files":
            exchange.answer["expires_at"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    options = ("--seconds", "0", "--retention-seconds", "0.5", "--file-seconds", "1")
    with processes.sandbox(tmp_path / "log", *options) as url, Liar.running(url) as liar:
        liar.after = promise
        wait = Wait(kept_s=0.3, watched_s=30, every_s=0.05)
        trial = make_trial(liar.url, wait=wait)

        outcomes = {outcome.name: outcome.result for outcome in try_all(trial)}
        trial.wait = Wait(kept_s=60)

    kept = (FILE_KEPT, OUTPUT_KEPT, INPUT_KEPT)
    assert [outcomes[name] for name in kept] == ["failed", "held", "held"]
    assert output_is_kept(trial).result == "failed"
    assert record_is_kept(trial).result == "failed"


def test_nobody_to_ask(liar: Liar, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no terminal to ask at: give --yes"):
        call_command("check_replicate", report=tmp_path, stdout=io.StringIO())

    assert liar.bought() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--model", "no/such"],
            "no/such is not in the catalogue, which has: qwen/qwen-image-edit,",
        ),
        (["--webhook-url", "https://x.example"], "--webhook-url needs --listen"),
        (["--listen", "eighty"], "--listen is a port, or host:port, not 'eighty'."),
        (["--report", "/proc/nothing"], "--report /proc/nothing: "),
    ],
)
def test_wrong_options_cost_nothing(
    liar: Liar, tmp_path: Path, options: list[str], sentence: str
) -> None:
    outcomes, output = run(tmp_path, *options)

    assert outcomes == {}
    assert sentence in output
    assert liar.bought() == []


def test_the_price_is_said_first(liar: Liar, tmp_path: Path, settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = "r8_another"

    _, output = run(tmp_path, "--model", "black-forest-labs/flux-kontext-max")

    assert output.startswith(
        "This buys at most 2 predictions of black-forest-labs/flux-kontext-max at "
        f"{liar.url}, for $0.16 at most by the catalogue's price."
    )


def test_a_report_is_not_written_over(liar: Liar, tmp_path: Path, settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = "r8_another"

    run(tmp_path)
    run(tmp_path)

    written = sorted(path.name for path in tmp_path.iterdir())
    assert [re.sub(r"\d{4}-\d\d-\d\d", "DATE", name) for name in written] == [
        "replicate-DATE-2.md",
        "replicate-DATE.md",
    ]


def test_interrupted_it_leaves_nothing_running(sandbox: str, liar: Liar, tmp_path: Path) -> None:
    liar.fault(on="create", do="hang")
    command, env = _command(sandbox, "--yes", "--report", str(tmp_path))
    log = tmp_path / "log"

    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=env, cwd=processes.ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    processes.wait_for(liar.bought, log=log)
    process.send_signal(signal.SIGINT)

    assert process.wait(10) == 130
    assert [one["status"] for one in liar.bought()] == ["canceled"]
    assert "Stopped; no report was written." in log.read_text()


def test_asked_and_refused_it_buys_nothing(sandbox: str, liar: Liar, tmp_path: Path) -> None:
    command, env = _command(sandbox, "--report", str(tmp_path))
    ours, theirs = pty.openpty()

    process = subprocess.Popen(
        command, env=env, cwd=processes.ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.write(ours, b"n\n")

    assert process.wait(20) == 1
    assert b"Go on? [y/N]" in os.read(ours, 10_000)
    assert liar.bought() == []
    os.close(ours)
    os.close(theirs)


def test_webhooks_through_an_address_of_ones_own(liar: Liar, tmp_path: Path) -> None:
    port = str(processes.free_port())
    address = f"http://127.0.0.1:{port}/"

    outcomes, _ = run(tmp_path, "--webhook-url", address, "--listen", port)

    assert changed(outcomes) == {}


@pytest.mark.parametrize(
    ("public_url", "webhook"),
    [("", None), ("https://restage.example", "https://restage.example/check-replicate")],
)
def test_nobody_listens_where_replicate_is_far_away(
    settings: Settings, public_url: str, webhook: str | None
) -> None:
    settings.REPLICATE_BASE_URL = "https://api.replicate.com"
    settings.PUBLIC_URL = public_url

    with receive_webhooks(None, None) as received:
        assert received == (None, webhook)


def test_without_a_webhook_its_checks_are_not_tried(
    sandbox: str, liar: Liar, make_trial: Callable[..., Trial]
) -> None:
    outcomes = {outcome.name: outcome for outcome in try_all(make_trial(sandbox))}

    named = (WEBHOOK, EVENTS, ARRIVES, SIGNATURE, ONLY)
    assert [outcomes[name].result for name in named] == ["not tried"] * 5
    assert "give --webhook-url" in outcomes[ARRIVES].detail
    assert outcomes[LISTED].result == "held"


def test_the_process_writes_a_report_without_secrets(
    process: tuple[Path, "subprocess.Popen[str]"],
) -> None:
    folder, command = process

    stdout, stderr = command.communicate(timeout=30)

    (path,) = folder.glob("replicate-*.md")
    report = path.read_text()
    assert (command.returncode, stderr) == (0, "")
    assert f"{22 + len(shipped_models())} held, 0 failed, 6 not tried." in report
    assert f"| held | {SIGNATURE} | With the account's secret; " in report
    assert re.search(f"held +{re.escape(ENDS)}\n +It was canceled after 5\\.\\d s", stdout)
    assert TOKEN not in report + stdout
    assert "whsec_" not in (report + stdout).replace("It is whsec_ and base64", "")
