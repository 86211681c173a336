"""Text blocks: the rows of delimited text a block at a time, each field as it is written."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from studies.datasets.files import Place
from studies.datasets.files.delimited import Style, check_long_rows, style_of
from studies.datasets.files.encoding import encoding_of
from studies.datasets.files.names import check_unique
from studies.datasets.files.packing import blocks, opened
from studies.errors import BadWorkload, one_line

if TYPE_CHECKING:
    import pandas as pd

BLOCK_CELLS: Final = 1 << 19
"""Fields that are read at once."""
FEWEST_ROWS: Final = 1000


def text_style(place: Place) -> Style:
    """Return how a file of delimited text is written.

    Raises:
        BadWorkload: it is empty, or two columns have one name.
    """
    name = place.path.name
    if place.path.stat().st_size == 0:
        raise BadWorkload(f"'{name}' is empty; a table needs a line of column names")
    style = style_of(place, encoding_of(blocks(place), name))
    check_unique(style.columns, name)
    return style


def text_blocks(style: Style) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file in their order, as text; a field that is not there is NaN.

    Blank lines are passed over. A file without rows is one block without rows.

    Raises:
        BadWorkload: a row has more fields than there are names.
    """
    import pandas as pd

    done, usecols = 0, None
    while True:
        try:
            for number, block in enumerate(_parsed(style, usecols)):
                if number >= done:
                    yield block
                    done += 1
        except pd.errors.ParserWarning:
            check_long_rows(style)
            usecols = range(len(style.names))  # what stands behind the last name is empty in every row
        except pd.errors.ParserError as error:
            check_long_rows(style)
            problem = one_line(error, longest=200)
            raise BadWorkload(f"'{style.place.path.name}' cannot be read as a table: {problem}") from None
        else:
            return


def _parsed(style: Style, usecols: Any) -> Iterator[pd.DataFrame]:
    import pandas as pd

    rows = max(FEWEST_ROWS, BLOCK_CELLS // len(style.columns))
    with opened(style.place) as file, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        yield from pd.read_csv(file, **style.reading, usecols=usecols, dtype=str, chunksize=rows)
