"""A table to a model of under 100 KB behind an HTTP server: searched, made small, registered, served, asked.

    python examples/serve_small_model.py           # a budget of 30 trials
    python examples/serve_small_model.py 3trials

The same from the shell:

    advisor search loans.csv --target repaid --study loans --budget 1m
    advisor compress loans --model-size 100KB --budget 1m
    advisor register loans loans
    export MLFLOW_TRACKING_URI=sqlite:///.advisor/mlflow.db
    mlflow models serve -m models:/loans/1 --env-manager local
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

import advisor

BUDGET = sys.argv[1] if sys.argv[1:] else "30trials"
HOME = Path(".advisor")


def loans(rows: int = 600) -> pd.DataFrame:
    """Return made-up loans, and whether each was repaid."""
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "purpose": draw.choice(["car", "house", "studies"], rows),
            "amount": [f"${amount:,}" for amount in draw.integers(1_000, 90_000, rows)],
            "age": draw.integers(18, 80, rows),
            "since": [f"2024-{month:02}-01" for month in draw.integers(1, 13, rows)],
        }
    )
    chance = 0.3 + 0.4 * (table["purpose"] == "house") + 0.005 * (table["age"] - 18)
    table["repaid"] = np.where(draw.random(rows) < chance, "yes", "no")
    return table


@contextmanager
def served(model: str) -> Iterator[str]:
    """Serve a registered model on a free port, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local"]
    server = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--port", address.rpartition(":")[2]],
        env=os.environ
        | {
            "MLFLOW_TRACKING_URI": f"sqlite:///{HOME.resolve()}/mlflow.db",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not is_up(address):
            if server.poll() is not None:
                raise RuntimeError("the server did not start; run its command by hand to see why")
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def is_up(address: str) -> bool:
    """Tell whether a server answers."""
    try:
        with urllib.request.urlopen(f"{address}/ping") as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(address: str, rows: pd.DataFrame) -> list[dict[str, object]]:
    """Post rows as they are and return a prediction for each."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/invocations",
        data=json.dumps({"dataframe_records": json.loads(rows.to_json(orient="records"))}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        return list(json.load(answer)["predictions"])


def main() -> None:
    """Search, make small, register, serve, ask."""
    loans().to_csv("loans.csv", index=False)
    study = advisor.search("loans.csv", target="repaid", epochs=10, budget=BUDGET, home=HOME)
    advisor.compress(study, limits=advisor.Limits(model_bytes=100_000), budget="12trials", home=HOME)
    print(advisor.recommend(study, home=HOME), flush=True)
    register = [sys.executable, "-m", "advisor", "register", study, "loans", "--home", str(HOME)]
    subprocess.run(register, check=True)  # noqa: S603 - our own command

    new = loans(5).drop(columns="repaid")
    with served("models:/loans/1") as address:
        for row, answer in zip(new.to_dict("records"), ask(address, new), strict=True):
            print(row["purpose"], row["amount"], "->", answer)


if __name__ == "__main__":
    main()
