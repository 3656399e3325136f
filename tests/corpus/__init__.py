"""Schemas of real models, without their prose, and the facts that the catalogue was made from."""

from pathlib import Path

_FOLDER = Path(__file__).parent

PUBLISHED = _FOLDER / "replicate-models"
CATALOGUE_FACTS = _FOLDER / "catalogue-facts.json"
