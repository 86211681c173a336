"""Encoding of a text file: UTF-8, what its first bytes say, or what its letters are most likely in."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Iterable
from typing import Final

from studies.errors import BadWorkload

SAMPLE: Final = 1 << 16
"""Bytes that are looked at to tell an encoding, from the first that is no UTF-8."""
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN: Final = re.compile(rb"[\t\n\r\f\x20-\x7e\x80\x82\x84\x85\x91-\x97\x99\xa0-\xff]*")
"""Bytes that a text of Western Europe has in cp1252: few of those from 80 to 9f, all from a0 on."""
UNLIKELY: Final = re.compile(rb"[\xc0-\xff]{3}|[A-Za-z][\xa1-\xbf][A-Za-z]")
"""Three accented letters in a row, or a symbol inside a word: other scripts look like that in cp1252."""
USUAL: Final = (
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp437",
    "cp850", "cp852", "cp866", "koi8_r", "mac_roman", "cp874", "cp932", "euc_jp", "cp949", "gb18030", "big5",
)  # fmt: skip
"""Encodings that tables are found in."""
ZEROS: Final = 0.3
"""Share of zero bytes at every other place from which text is UTF-16 without a mark."""


def encoding_of(blocks: Iterable[bytes], name: str) -> str:
    """Return the encoding of a text.

    Args:
        blocks: its bytes, one block after the other.
        name: of the file, for the message.

    Raises:
        BadWorkload: bytes that are no text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    start = b""
    for number, block in enumerate(blocks):
        if number == 0:
            if marked := next((form for mark, form in MARKS if block.startswith(mark)), ""):
                return marked
            start = block[:SAMPLE]
            if wide := _wide(start):
                return wide
        if b"\0" in block:
            raise BadWorkload(f"'{name}' holds zero bytes, which no text does; save it as CSV in UTF-8")
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return _likely(error.object[max(error.start - SAMPLE // 2, 0) :][:SAMPLE], name)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _likely(start, name)
    return "utf-8"


def encoding_notes(encoding: str) -> tuple[str, ...]:
    """Return what the owner of a text should know of its encoding; nothing where it is UTF-8."""
    if encoding in {"utf-8", "utf-8-sig"}:
        return ()
    return (f"Read as {encoding}: the file is not UTF-8. Save it as UTF-8 if letters look wrong.",)


def _wide(start: bytes) -> str:
    zeros = [start[offset::2].count(0) / max(len(start) // 2, 1) for offset in (0, 1)]
    if max(zeros) < ZEROS or min(zeros) > max(zeros) / 10:
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _likely(sample: bytes, name: str) -> str:
    """Return the encoding that makes the best text of the sample."""
    from charset_normalizer import from_bytes

    if sum(byte < 32 and byte not in b"\t\n\r\f" for byte in sample) > len(sample) / 100:
        raise BadWorkload(f"'{name}' is no text in UTF-8 or any other encoding; save it as CSV in UTF-8")
    if WESTERN.fullmatch(sample) and not UNLIKELY.search(sample):
        return "cp1252"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = from_bytes(sample, cp_isolation=list(USUAL)).best()
    return best.encoding.replace("_", "-") if best is not None else "latin-1"
