"""The API's clients: they ask for jobs, and ask again where no good answer came."""

import io
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from PIL import Image

from tests.chaos.ground import ONE_REQUEST, Ground

CLIENTS = 6
ASK_AGAIN_S = 0.5
GIVE_UP_S = 90
JOBS = "/api/v1/staging/jobs"
# Run by its version, which can go; the default model is run by its name.
VERSIONED = "adirik/interior-design"
FORMATS = ("webp", "png", "jpg")


class Clients:
    """Several clients at once, as one account; they keep what they were answered."""

    def __init__(self, ground: Ground) -> None:
        headers = {"Authorization": f"Token {ground.operator['token']}"}
        self._http = httpx.Client(
            base_url=ground.url, headers=headers, timeout=15, limits=ONE_REQUEST
        )
        self._ground = ground
        self.answers: list[str] = []
        self.problems: list[str] = []

    def upload(self) -> str:
        """Upload a photo; return its id."""
        file = {"image": ("room.jpg", empty_room(), "image/jpeg")}
        answer = self._http.post("/api/v1/staging/photos", files=file)
        assert answer.status_code == 201, answer.text
        photo: str = answer.json()["id"]
        return photo

    def stage(self, photo: str, *, count: int, over_s: float) -> list[str]:
        """Ask for so many jobs of a photo, evenly over a time; return their ids."""
        began = time.monotonic()

        def ask(number: int) -> str:
            time.sleep(max(0.0, began + number / count * over_s - time.monotonic()))
            return self._ask(order(photo, number))

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(ask, range(count)))

    def look(self, jobs: list[str]) -> dict[str, str]:
        """Return what the API says of each job's status."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = pool.map(lambda job: self._http.get(f"{JOBS}/{job}"), jobs)
        told = [self._kept(answer) for answer in answers]
        return {one.json()["id"]: one.json()["status"] for one in told if one.is_success}

    def close(self) -> None:
        self._http.close()

    def _ask(self, body: dict[str, Any]) -> str:
        """Ask for a job until it is there; the key makes one of however many requests it takes."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        until = time.monotonic() + GIVE_UP_S
        while time.monotonic() < until:
            outages = self._ground.outages
            try:
                answer = self._kept(self._http.post(JOBS, json=body, headers=headers))
            except httpx.TransportError:
                time.sleep(ASK_AGAIN_S)
                continue
            if answer.status_code == 202:
                job: str = answer.json()["id"]
                return job
            # 409: the first of two requests with one key is not over yet.
            assert answer.status_code >= 500 or answer.status_code == 409, answer.text
            # Without its database a web process can take nothing; without anything else it can.
            is_whole = self._ground.outages == outages and self._ground.has_database
            if answer.status_code >= 500 and is_whole:
                self.problems.append(f"a job was answered with {answer.status_code}")
            time.sleep(ASK_AGAIN_S)
        raise AssertionError("The API took no job for a minute and a half.")

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        self.answers.append(answer.text)
        return answer


def empty_room() -> bytes:
    """Return a small JPEG of a room without furniture."""
    content = io.BytesIO()
    image = Image.new("RGB", (300, 200), (228, 225, 218))
    image.paste((168, 130, 92), (0, 100, 300, 200))
    image.save(content, "JPEG")
    return content.getvalue()


def order(photo: str, number: int) -> dict[str, Any]:
    """Return what the nth job asks for: some of two pictures, some by version, of all formats."""
    overrides: dict[str, Any] = {"output_format": FORMATS[number % 3]}
    if number % 8 == 7:
        overrides["num_outputs"] = 2
    model = {"model": VERSIONED} if number % 4 == 1 else {}
    words = {"room_type": "living_room", "style": "modern"}
    return {"photo": photo, "overrides": overrides, **words, **model}
