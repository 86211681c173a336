"""What a user's script expects of its process is there in another one; the script is not run again."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from code_of_a_script import KINDS
from waiting import HANG_SECONDS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import io, logging, os, pickle, sys, warnings
from dataclasses import dataclass
from pathlib import Path

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
with open("runs", "a") as file:
    file.write("run ")
import torch
import helpers
from studies.callers_globals import set_aside
from studies.engines.payload import dumps, write_payload
from studies.imports import load, refer
from studies.models import ModelChoice
from studies.models.custom import Custom
from studies.space import between

torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True, warn_only=True)
warnings.filterwarnings("error", message="odd")
logging.basicConfig(level=logging.INFO, format="%(levelname)s, they say: %(message)s")
logging.getLogger("quiet").setLevel(logging.ERROR)
LOG = logging.getLogger("script")
GAIN = torch.randn(20_000)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(GAIN)

@dataclass(frozen=True, kw_only=True)
class Own(ModelChoice):
    width: float = between(1.0, 4.0, default=2.0)

    def build(self, inputs, outputs):
        return Net()

def look():
    net = pickle.loads(pickle.dumps(Net()))
    try:
        warnings.warn("odd things")
    except UserWarning:
        filters = "kept"
    root, stream = logging.getLogger(), io.StringIO()
    root.handlers[0].setStream(stream)
    LOG.info("begins")
    LOG.debug("in detail")
    logging.getLogger("quiet").warning("hush")
    return {
        "log": stream.getvalue(),
        "directory": os.getcwd(), "words": sys.argv[1:], "dtype": str(torch.get_default_dtype()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "helpers": helpers.NAME, "filters": filters, "gain": net.gain.sum().item(), "net": type(net) is Net,
    }

locked = load(os.path.abspath("holding.py") + ":fit")
file_choice = load(os.path.abspath("holding.py") + ":Wide")
file_choice.reference = os.path.abspath("holding.py") + ":Wide"
Own.reference = refer(Own)
if __name__ == "__main__":
    Path("sub").mkdir()
    os.chdir("sub")
    value = {"look": look, "fit": locked, "own": Own(width=3.0), "custom": Custom(factory=refer(Net)),
             "wide": file_choice(), "expected": look()}
    with set_aside():
        write_payload(Path("../script.payload"), value)
    Path("../message").write_bytes(dumps(value["own"]))
"""
HOLDING = """
import threading
from dataclasses import dataclass
from studies.models import ModelChoice
from studies.space import between
LOCK = threading.Lock()

def fit(recipe, report, seed):
    with LOCK:
        return seed + 1

@dataclass(frozen=True, kw_only=True)
class Wide(ModelChoice):
    width: float = between(1.0, 4.0, default=2.0)

    def build(self, inputs, outputs):
        return LOCK
"""
READER = """
import json, sys
from pathlib import Path
folder = Path(sys.argv[1])
sys.path.append(sys.argv[2])
from studies.engines.payload import dumps, loads, read_payload
value = read_payload(folder / "script.payload")
import queue, __main__
from studies.catalogue import find
from studies.imports import load
own = loads((folder / "message").read_bytes())
answer = {
    "there": value["look"](), "expected": value["expected"], "fit": value["fit"](None, None, 1),
    "own": own == value["own"] and find("model", own.name()) is type(own),
    "factory": load(value["custom"].factory) is __main__.Net,
    "wide": find("model", value["wide"].name()) is type(value["wide"]),
    "standard library": hasattr(queue, "Queue"), "back": loads(dumps(own)) == own,
}
print(json.dumps(answer))
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """Run a script that writes a payload, and read that where another module has a name of the script's."""
    folder, other = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("other")
    (folder / "script.py").write_text(SCRIPT)
    (folder / "holding.py").write_text(HOLDING)
    (folder / "helpers.py").write_text("NAME = 'the project'")
    (folder / "queue.py").write_text("raise RuntimeError('this is no part of the standard library')")
    (other / "helpers.py").write_text("NAME = 'another'")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = functools.partial(subprocess.run, check=True, timeout=HANG_SECONDS, env=environment)
    run([sys.executable, "-P", "script.py", "--epochs", "3"], cwd=folder)
    (folder / "helpers.py").write_text("NAME = 'edited while the search runs'")
    command = [sys.executable, "-P", "-c", READER, str(folder), str(other)]
    output = run(command, cwd="/", stdout=subprocess.PIPE).stdout
    return json.loads(output) | {"runs": (folder / "runs").read_text(), "folder": str(folder)}


def test_directory_words_modules_types_and_filters_are_those_of_the_script(answer):
    assert answer["there"] == answer["expected"]
    assert answer["there"]["directory"] == f"{answer['folder']}/sub"
    assert answer["there"]["words"] == ["--epochs", "3"]
    assert answer["there"]["dtype"] == "torch.float64"
    assert answer["there"]["deterministic"]
    assert answer["there"]["log"] == "INFO, they say: begins\n"


def test_a_module_that_is_edited_meanwhile_is_imported_as_it_was(answer):
    assert answer["there"]["helpers"] == "the project"


def test_the_script_is_not_run_again(answer):
    assert answer["runs"] == "run "


def test_a_file_of_which_a_part_cannot_travel_is_run_again(answer):
    assert answer["fit"] == 2


def test_choices_and_models_are_found_by_their_names(answer):
    assert answer["own"]
    assert answer["wide"]
    assert answer["factory"]
    assert answer["back"]


def test_no_file_of_the_user_takes_the_place_of_the_standard_library(answer):
    assert answer["standard library"]


LOOK = """
import json, sys
from pathlib import Path
from studies.engines.payload import read_payload
looks = []
for number in range(int(sys.argv[2])):
    try:
        value, look, expected = read_payload(Path(sys.argv[1]) / f"{number}.payload")
        looks.append([repr(look(value)), expected])
    except Exception as error:
        looks.append([repr(error), ""])
print(json.dumps(looks))
"""


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """Run a script that writes a payload of each kind of code, and look at each in another process."""
    folder = tmp_path_factory.mktemp("code")
    run = functools.partial(subprocess.run, check=True, timeout=HANG_SECONDS)
    run([sys.executable, str(Path(__file__).with_name("code_of_a_script.py")), str(folder)])
    command = [sys.executable, "-P", "-c", LOOK, str(folder), str(len(KINDS))]
    output = run(command, cwd="/", stdout=subprocess.PIPE).stdout
    return dict(zip(KINDS, json.loads(output), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_code_of_every_kind_does_there_what_it_does_in_the_script(kind, looks):
    there, here = looks[kind]
    assert there == here
