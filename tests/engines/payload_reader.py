"""Reader of payloads in an interpreter of its own: python -P payload_reader.py FOLDER COUNT."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from studies.engines.payload import read_payload


def main(folder: Path, count: int) -> None:
    outcomes = []
    for number in range(count):
        try:
            value = read_payload(folder / f"{number}.payload")
            from payload_kinds import outcome  # found only now: where modules come from has come along

            outcomes.append(outcome(value))
        except Exception:  # noqa: BLE001 - the test of the kind tells it
            outcomes.append(traceback.format_exc())
    (folder / "outcomes.json").write_text(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
