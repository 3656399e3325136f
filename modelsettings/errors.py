"""The family of refusals: a request that cannot be carried out as it was sent.

    RequestRefused       400, the sentence under the field that it is about
    └── FieldsRefused    400, sentences under several fields

Each refusal is one subclass, beside the code that raises it. Its class says which status the API
answers with, and for those of CODED a code that a front end can act on; its message is the sentence
that people read, and says what to do. No door lists the subclasses:
`config.http.errors.answer_refusal` answers all of them in the API, and forms put `errors` at their
fields. An exception outside the family is a fault of ours: a 500, with a traceback in the log.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

# The statuses whose answers bear a code: those that an account meets without a mistake of its own,
# so that a front end has to tell them apart.
CODED = frozenset({402, 403, 409, 429})


class RequestRefused(Exception):
    """A request that cannot be carried out as it was sent; the message is a sentence for people.

    `field` names the field of the request that the sentence is about; empty: the request as a
    whole.

    >>> RequestRefused("Write 1 to 5.", field="stars").body()
    {'stars': ['Write 1 to 5.']}
    """

    # The HTTP status that the API answers with.
    status: ClassVar[int] = 400
    # The reason's name, for the statuses of CODED alone; docs/api.md lists all of them.
    code: ClassVar[str] = ""
    # The answer's headers beside those of every answer, such as Retry-After.
    headers: Mapping[str, str] = {}

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field

    @property
    def errors(self) -> Mapping[str, list[str]]:
        """The sentences by field; those about the request as a whole are under ""."""
        return {self.field: [str(self)]}

    def body(self) -> dict[str, Any]:
        """Return the API's answer: for 400 the sentences by field, else `detail` and the code."""
        if self.status != 400:
            return {"detail": str(self), **({"code": self.code} if self.code else {})}
        return {field or "non_field_errors": found for field, found in self.errors.items()}


class FieldsRefused(RequestRefused):
    """Several things that are wrong: `errors` maps a field to its sentences, "" for the whole."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for found in errors.values() for sentence in found))
        self._errors = dict(errors)

    @property
    def errors(self) -> Mapping[str, list[str]]:
        return self._errors


def family_of(refusal: type[RequestRefused] = RequestRefused) -> Iterator[type[RequestRefused]]:
    """Yield the refusals that descend from one, as far as their modules are imported."""
    for heir in refusal.__subclasses__():
        yield heir
        yield from family_of(heir)
