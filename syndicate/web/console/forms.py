"""What a form of the console sent: named texts, and files, which lie on the disk when they are large. For the door."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import BinaryIO

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from syndicate.web.fields import Fields, from_urlencoded

LARGEST_TEXT = 2 * 1024 * 1024
"""Octets of a form without files, and of each text in one with files."""

_MOST_FIELDS = 1000
_MOST_FILES = 1


class Form(Fields):
    """The texts under each name, and the files."""

    def __init__(self, values: Mapping[str, Sequence[str]], files: Mapping[str, Upload] | None = None) -> None:
        super().__init__(values)
        self.files = files or {}

    def close(self) -> None:
        """Gives up the files."""
        for upload in self.files.values():
            upload.file.close()


class Upload:
    """A file that was sent. ``name`` is what its sender called it, and may be anything; ``size`` is in octets."""

    def __init__(self, name: str, file: BinaryIO, size: int) -> None:
        self.name, self.file, self.size = name, file, size


async def read_form(request: Request, largest: int) -> Form:
    """Reads the body. Files are taken only where there is room for them: ``largest`` is in octets, 0 for none.

    :raises HTTPException: 413 for a body that is too large, 400 for one that is not what it says, 415 for another kind.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _with_files(request, largest + LARGEST_TEXT)
    if kind not in ("", "application/x-www-form-urlencoded"):
        raise HTTPException(415)
    body = b"".join([chunk async for chunk in _limited(request, LARGEST_TEXT)])
    return Form(from_urlencoded(body, _MOST_FIELDS).values)


async def _limited(request: Request, largest: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            raise HTTPException(413)
        yield chunk


async def _with_files(request: Request, largest: int) -> Form:
    stream = _limited(request, largest)
    files = _MOST_FILES if largest > LARGEST_TEXT else 0
    parser = MultiPartParser(
        request.headers, stream, max_files=files, max_fields=_MOST_FIELDS, max_part_size=LARGEST_TEXT
    )
    try:
        sent = await parser.parse()
    except (MultiPartException, ValueError, LookupError):
        raise HTTPException(400) from None
    texts: dict[str, list[str]] = {}
    uploads: dict[str, Upload] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            uploads[name] = Upload(value.filename or "", value.file, value.size or 0)
        else:
            texts.setdefault(name, []).append(value)
    return Form(texts, uploads)
