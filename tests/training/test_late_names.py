"""Late names: optimizers step without what their library imports for many devices; it is there when used."""

from __future__ import annotations

import json
import subprocess
import sys

STEPS = """
import json, sys
import torch
from studies import catalogue
from studies.late_compiler import leave_compiler

leave_compiler()  # which imports them too

model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
optimizer = catalogue.find("optimizer", "Lion").from_fields({}).build(model, 2)
model(torch.ones(3, 4)).square().sum().backward()
optimizer.step()
answers = {"imported": sorted({"torch.distributed.tensor", "transformers"} & set(sys.modules))}

from pytorch_optimizer.optimizer.utils import matrix
answers["none is there"] = isinstance(torch.ones(2), matrix.DTensor)

from torch.distributed.tensor import DTensor
answers["real"] = DTensor is sys.modules["torch.distributed.tensor"].DTensor
answers["none is one"] = isinstance(torch.ones(2), matrix.DTensor)
answers["one is one"] = issubclass(DTensor, matrix.DTensor)
answers["read off it"] = matrix.DTensor.from_local == DTensor.from_local
print(json.dumps(answers))
"""


def test_an_optimizer_of_a_library_steps_without_what_only_several_devices_need_which_is_there_when_used():
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "imported": [],
        "none is there": False,
        "real": True,
        "none is one": False,
        "one is one": True,
        "read off it": True,
    }


def test_a_late_name_is_imported_when_it_is_called_and_a_module_that_is_there_is_used_as_it_is():
    from studies.late_names import late

    sys.modules.pop("colorsys", None)
    with late(["colorsys", "json"]):
        from colorsys import rgb_to_hls
        from json import dumps

        assert dumps is json.dumps
    assert "colorsys" not in sys.modules
    assert rgb_to_hls(1.0, 1.0, 1.0) == (0.0, 1.0, 0.0)
    assert "colorsys" in sys.modules
