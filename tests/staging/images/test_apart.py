"""Files are decoded in another process, with limits and without secrets."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from staging.images import PhotoRefused, PictureRefused, normalise_photo, prepare_picture
from staging.images import apart as apart_module
from staging.images.apart import DECODER, Decoder, decode_apart
from staging.images.memory import PHOTOS, PICTURES, Budget, Patience, TooManyWaiting
from staging.images.photos import normalise
from staging.images.pictures import make_ready
from tests import missing
from tests.staging.image_files import FORMATS, PHOTO_FORMATS, encode, make_room

ROOT = Path(__file__).resolve().parents[3]
WISHES: dict[str, Any] = {
    "aspect_ratio": "1:1",
    "output_format": "webp",
    "quality": 80,
    "disclosure": "Virtually staged",
}
# Starts a decoder whose children do as they are told here, instead of reading photos.
_MISBEHAVING = """
import os, signal, tempfile, time
from staging.images import decoder

def take_memory(file): return bytearray(10**12)
def touch_memory(file):
    taken = []
    while True: taken.append(b"x" * 2**20)
def spin(file):
    while True: pass
def sleep(file): time.sleep(100)
def die(file): os.kill(os.getpid(), signal.SIGSEGV)
def kill(file): os.kill(os.getpid(), signal.SIGKILL)
def end(file): os.kill(os.getppid(), signal.SIGKILL); time.sleep(100)
def write(file): tempfile.TemporaryFile(buffering=0).write(b"x")
def write_to_upload(file): os.write(file.raw._number, b"x")
def environment(file): return {"told": dict(os.environ)}, []
def fault(file): raise ZeroDivisionError("a fault of ours")

for work in (take_memory, touch_memory, spin, sleep, die, kill, end, write, write_to_upload,
             environment, fault):
    decoder.WORKS[work.__name__] = decoder.Work(
        weigh=lambda file: 2**20, carry_out=work, processor_s=lambda weight: 1,
        # On a busy machine the others take long too, and are not to be ended by the clock.
        wall_s=4 if work is sleep else 60,
    )
decoder.main()
"""


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoder]:
    """A decoder whose works are those of _MISBEHAVING."""
    monkeypatch.setattr(apart_module, "DECODER_COMMAND", ("-c", _MISBEHAVING))
    DECODER.stop()
    yield DECODER
    DECODER.stop()


def do(work: str, file: Any = None, *, patience: Patience | None = None) -> dict[str, Any]:
    return decode_apart(
        file or BytesIO(b"x"), work, {}, budget=Budget(2**20, least=1, most=2**20),
        refusal=PhotoRefused, patience=patience,
    ).facts  # fmt: skip


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
def test_normalise_photo_is_the_same_as_here(file_format: str) -> None:
    content = encode(make_room(), file_format)

    assert normalise_photo(content) == normalise(BytesIO(content))


@pytest.mark.parametrize("file_format", FORMATS)
def test_prepare_picture_is_the_same_as_here(file_format: str) -> None:
    content = encode(make_room(), file_format)

    assert prepare_picture(content, **WISHES) == make_ready(content, **WISHES)


def test_prepare_picture_names_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="webp, png or jpg"):
        prepare_picture(encode(make_room()), **WISHES | {"output_format": "gif"})


def test_refusals_come_as_they_are_said() -> None:
    with pytest.raises(PhotoRefused, match="not an image"):
        normalise_photo(b"hello")
    with pytest.raises(PictureRefused, match="not a JPEG, PNG or WebP"):
        prepare_picture(b"hello", **WISHES)


def test_a_file_on_disk_is_read_whole_and_stays_where_it_was() -> None:
    content = encode(make_room(), "JPEG")
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(40)

        first = normalise_photo(file)
        file.seek(3)

        assert first == normalise(BytesIO(content))
        assert (file.read(), file.tell()) == (content[3:], len(content))


def test_many_threads_share_a_decoder() -> None:
    contents = [encode(make_room(90 + number, 60), "JPEG") for number in range(20)]

    with ThreadPoolExecutor(10) as pool:
        widths = [photo.width for photo in pool.map(normalise_photo, contents)]

    assert widths == [*range(90, 110)]
    assert PHOTOS.waiting == 0


@pytest.mark.parametrize(
    ("work", "sentence"),
    [
        ("take_memory", PhotoRefused.too_heavy),
        ("touch_memory", PhotoRefused.too_heavy),
        ("spin", PhotoRefused.too_slow),
        ("sleep", PhotoRefused.too_slow),
        ("die", PhotoRefused.damaged),
    ],
)
@pytest.mark.usefixtures("misbehaving")
def test_a_child_that_does_not_answer_is_a_refusal(work: str, sentence: str) -> None:
    missing.LINUX.require()
    began = time.monotonic()

    with pytest.raises(PhotoRefused) as refused:
        do(work)

    assert str(refused.value) == sentence
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("misbehaving")
def test_who_waits_is_sent_away_where_the_machine_has_no_time() -> None:
    """The file took little of the processor, so nothing is said against it."""
    missing.LINUX.require()
    patience = Patience(behind=9, behind_own=9, wait_s=5, most_s=30)

    with pytest.raises(TooManyWaiting):
        do("sleep", patience=patience)
    with pytest.raises(PhotoRefused, match="too long to read"):
        do("spin", patience=patience)


def test_a_child_that_the_system_killed_says_nothing_of_its_file(misbehaving: Decoder) -> None:
    """So does the kernel where memory runs out; other files keep their decoder."""
    do("environment")
    pid = pid_of(misbehaving)

    with pytest.raises(apart_module.ChildLost):
        do("kill")

    assert do("environment")
    assert pid_of(misbehaving) == pid


@pytest.mark.usefixtures("misbehaving")
def test_a_child_writes_no_file() -> None:
    with pytest.raises(RuntimeError, match="No usable temporary directory"):
        do("write")
    with tempfile.TemporaryFile() as file:
        file.write(b"photo")
        file.flush()
        with pytest.raises(RuntimeError, match="File too large"):
            do("write_to_upload", file)
        file.seek(0)
        assert file.read() == b"photo"


@pytest.mark.usefixtures("misbehaving")
def test_a_child_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_secret")

    told = do("environment")["told"]

    # Python itself sets LC_CTYPE where there is no locale.
    assert set(told) <= {"LC_CTYPE"}


@pytest.mark.usefixtures("misbehaving")
def test_a_fault_of_ours_is_no_refusal() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a fault of ours"):
        do("fault")


def test_libraries_write_nothing_into_the_log() -> None:
    content = bytearray(
        encode(Image.effect_noise((64, 64), 90).convert("1"), "TIFF", compression="group4")
    )
    content[8:200] = b"\1" * 192
    code = "import sys; from staging.images import *; normalise_photo(sys.stdin.buffer.read())"

    # A pipe: into a file the child could not write.
    ended = subprocess.run(
        [sys.executable, "-c", code], input=content, cwd=ROOT, stderr=subprocess.PIPE, timeout=60
    )

    assert b"damaged or incomplete" in ended.stderr
    assert b"Fax" not in ended.stderr


def test_the_decoder_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    missing.LINUX.require()
    monkeypatch.setenv("SECRET_KEY", "secret")
    DECODER.stop()

    normalise_photo(encode(make_room()))

    assert Path(f"/proc/{pid_of(DECODER)}/environ").read_bytes() == b""


@pytest.mark.usefixtures("misbehaving")
def test_a_decoder_that_ends_twice_with_a_file_is_a_fault() -> None:
    with pytest.raises(apart_module.DecoderLost):
        do("end")

    assert do("environment")


def test_a_decoder_that_ended_is_started_again() -> None:
    normalise_photo(encode(make_room()))
    ended = pid_of(DECODER)
    os.kill(ended, signal.SIGKILL)

    assert normalise_photo(encode(make_room(90, 60))).width == 90
    assert pid_of(DECODER) != ended


def test_files_under_way_survive_the_decoder() -> None:
    """Each is sent once more to the next one."""
    content = encode(Image.effect_noise((3000, 2000), 60), "JPEG")
    with ThreadPoolExecutor(4) as pool:
        photos = [pool.submit(normalise_photo, content) for _ in range(4)]
        while not children_of(pid_of(DECODER)):
            time.sleep(0.01)
        os.kill(pid_of(DECODER), signal.SIGKILL)

        assert {photo.result().width for photo in photos} == {3000}


def test_a_forked_process_starts_its_own() -> None:
    normalise_photo(encode(make_room()))
    ours = pid_of(DECODER)
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        try:
            width = normalise_photo(encode(make_room(80, 60))).width
            os.write(writes, json.dumps([width, pid_of(DECODER)]).encode())
            DECODER.stop()
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    width, theirs = json.loads(os.read(reads, 99))
    os.close(reads)
    os.close(writes)
    assert width == 80
    assert theirs != ours
    assert normalise_photo(encode(make_room(90, 60))).width == 90
    assert pid_of(DECODER) == ours


_ENDING = """
import sys, time
from staging.images import normalise_photo
from staging.images.apart import DECODER
normalise_photo(sys.stdin.buffer.read())
print(DECODER.process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_decoder_ends_with_its_process(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _ENDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(encode(make_room()))
        process.stdin.close()
        decoder = int(process.stdout.readline())
        process.send_signal(end)

    until = time.monotonic() + 20
    while is_running(decoder) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(decoder)


def test_photos_leave_the_pictures_their_memory() -> None:
    with holding_all_photos():
        assert prepare_picture(encode(make_room()), **WISHES).width == 64

    assert PICTURES.waiting == 0


def test_the_process_that_asks_decodes_nothing() -> None:
    missing.LINUX.require()
    content = encode(Image.effect_noise((3600, 2400), 50).convert("RGB"), "JPEG")
    program = _ENDING.replace("time.sleep(60)", "print(open('/proc/self/status').read())")
    done = subprocess.run(
        [sys.executable, "-c", program], input=content, capture_output=True, check=True, cwd=ROOT
    )

    peak = re.search(rb"VmHWM:\s+(\d+) kB", done.stdout)
    assert peak
    assert int(peak[1]) < 70_000


@contextmanager
def holding_all_photos() -> Iterator[None]:
    over = threading.Event()
    has_it = threading.Event()

    def hold() -> None:
        with PHOTOS.hold("ann") as place:
            PHOTOS.grow(place, PHOTOS.total)
            has_it.set()
            over.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_it.wait(20)
    try:
        yield
    finally:
        over.set()
        thread.join()


def pid_of(decoder: Decoder) -> int:
    assert decoder.process
    return decoder.process.pid


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process whose parent has not asked for its end is a zombie.
    return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
