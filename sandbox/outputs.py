"""Outputs of finished predictions, in the shape of the model's Output, and the files they name."""

from __future__ import annotations

import asyncio
import io
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.blobs import Blobs
from sandbox.clock import now
from sandbox.faults import Fault
from sandbox.photos import PhotoReader, find_photo
from sandbox.picture_requests import read_requests
from sandbox.pictures import Studio
from sandbox.predictions import Prediction
from sandbox.problems import Problem
from sandbox.published import PublishedModel
from sandbox.validation import Document

TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "wav": "audio/wav"}
SOUND_WORDS = ("audio", "music", "speech", "voice", "sound", "bark", "tts")
SENTENCE = "a bright, empty room with a large window and a wooden floor, ready to be furnished"


@dataclass(frozen=True, kw_only=True)
class OutputFile:
    """One file that is served; `fault` breaks it, where there is one."""

    digest: str
    ending: str
    expires_at: datetime
    fault: Fault | None = None


@dataclass(frozen=True, kw_only=True)
class Made:
    """The product of a run."""

    output: object
    image_count: int | None
    logs: str


class OutputStore:
    """The output files, each by prediction and name, until they expire."""

    def __init__(self, blobs: Blobs, *, origin: str, retention_s: float) -> None:
        self._blobs = blobs
        self._origin = origin
        self._retention = timedelta(seconds=retention_s)
        self._files: dict[str, OutputFile] = {}

    def add(self, content: bytes, *, prediction: Prediction, number: int, ending: str) -> str:
        """Serve a file, and return its address."""
        name = f"{prediction.id}/out-{number}.{ending}"
        self._files[name] = OutputFile(
            digest=self._blobs.put(content),
            ending=ending,
            expires_at=now() + self._retention,
            fault=prediction.fate,
        )
        if prediction.fate and prediction.fate.do == "foreign_output":
            return prediction.fate.address or f"https://outputs.invalid/{name}"
        return f"{self._origin}/outputs/{name}"

    def get(self, name: str) -> tuple[OutputFile, bytes]:
        """Return a file and its content, or raise the 404 where there is none, or no longer."""
        found = self._files.get(name)
        if found is None or found.expires_at <= now():
            self._files.pop(name, None)
            raise Problem(404)
        return found, self._blobs.get(found.digest)


class OutputMaker:
    """Makes outputs: pictures in a small pool of threads, everything else at once."""

    def __init__(
        self, *, photos: PhotoReader, studio: Studio, store: OutputStore, threads: int
    ) -> None:
        self._photos = photos
        self._studio = studio
        self._store = store
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="studio")

    async def make(self, prediction: Prediction) -> Made:
        """Make the prediction's output; raise RunFailed where its photo cannot be read."""
        model = prediction.model
        schema = model.output_schema
        if _is_address(schema) or _is_address(schema.get("items") or {}):
            if _is_about_sound(model):
                return Made(output=_sound(prediction, self._store), image_count=None, logs="")
            return await self._pictures(prediction)
        if schema.get("type") == "object":
            return Made(output=_object(schema, prediction, self._store), image_count=None, logs="")
        return Made(output=_plain(schema), image_count=None, logs="")

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _pictures(self, prediction: Prediction) -> Made:
        schema = prediction.model.input_schema
        is_list = prediction.model.output_schema.get("type") == "array"
        address = find_photo(prediction.input, schema=schema)
        photo = await self._photos.read(address) if address else None
        wanted = read_requests(prediction.input, defaults=schema.defaults, is_list=is_list)
        loop = asyncio.get_running_loop()
        addresses = []
        for number, request in enumerate(wanted):
            content = await loop.run_in_executor(self._pool, self._studio.take, photo, request)
            addresses.append(
                self._store.add(
                    content, prediction=prediction, number=number, ending=request.format
                )
            )
        return Made(
            output=addresses if is_list else addresses[0],
            image_count=len(addresses),
            logs=f"Using seed: {wanted[0].seed}\nGenerated {len(addresses)} image(s)\n",
        )


def _is_address(schema: Document) -> bool:
    return schema.get("type") == "string" and schema.get("format") == "uri"


def _is_about_sound(model: PublishedModel) -> bool:
    words = f"{model.name} {model.document.get('description') or ''}".lower()
    return any(word in words for word in SOUND_WORDS)


def _silence() -> bytes:
    """Return a tenth of a second of silence as a WAV."""
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return content.getvalue()


def _sound(prediction: Prediction, store: OutputStore) -> object:
    address = store.add(_silence(), prediction=prediction, number=0, ending="wav")
    return [address] if prediction.model.output_schema.get("type") == "array" else address


def _object(schema: Document, prediction: Prediction, store: OutputStore) -> Document:
    """Return an object with a value for each property; only an address needs a file."""
    return {
        name: store.add(_silence(), prediction=prediction, number=number, ending="wav")
        if _is_address(declared)
        else _plain(declared)
        for number, (name, declared) in enumerate((schema.get("properties") or {}).items())
    }


def _plain(schema: Document) -> object:
    match schema.get("type"):
        case "array":
            items = schema.get("items") or {}
            if items.get("type", "string") == "string":
                return [f"{word} " for word in SENTENCE.split()]
            return [_plain(items)]
        case "integer":
            return 1
        case "number":
            return 0.5
        case "boolean":
            return True
        case "object":
            return {k: _plain(p) for k, p in (schema.get("properties") or {}).items()}
    return SENTENCE
