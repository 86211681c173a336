"""Late compiler: optimizers step without torch's compiler, and whoever wants it has it as ever."""

from __future__ import annotations

import json
import subprocess
import sys

LOOP = """
import json, sys
import torch
if sys.argv[1] == "late":
    from studies.late_compiler import leave_compiler
    leave_compiler()
from studies import catalogue

def weights(name):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    choice = catalogue.find("optimizer", name).from_fields({})
    optimizer = choice.build(model, 6)
    if hasattr(optimizer, "train"):
        optimizer.train()
    def backward():
        optimizer.zero_grad()
        loss = model(torch.ones(3, 4)).square().sum()
        loss.backward()
        return loss
    for _ in range(6):
        if choice.needs_closure:
            optimizer.step(backward)
        else:
            backward()
            optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    return [parameter.tolist() for parameter in model.parameters()]

names = ["AdamW", "SGD", "RAdam", "NAdamW", "RMSprop", "Muon", "ScheduleFreeAdamW", "LBFGS", "Lion"]
told = {"weights": [weights(name) for name in names], "imported": "torch._dynamo.eval_frame" in sys.modules}
import torch._dynamo.config as config
told["once"] = config is sys.modules["torch._dynamo"].config and torch._dynamo is sys.modules["torch._dynamo"]
told["origin"] = config.__spec__.origin == config.__file__
net = torch.compile(torch.nn.Linear(3, 3), backend="eager")
told["shape"] = list(net(torch.ones(2, 3)).shape)
told["disabled"] = torch._dynamo.disable(lambda: 5)()
told["again"] = weights("AdamW") == told["weights"][0]
told["marks"] = getattr(torch.optim.Optimizer.zero_grad.__wrapped__, "__dynamo_disable") is not \\
    torch.optim.Optimizer.zero_grad.__wrapped__
print(json.dumps(told))
"""


def run(when):
    done = subprocess.run([sys.executable, "-c", LOOP, when], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_optimizers_step_as_usual_without_the_compiler_which_is_there_when_it_is_used():
    usual, late = run("usual"), run("late")
    assert (usual.pop("imported"), late.pop("imported")) == (True, False)
    assert late == usual
    assert all(late[name] for name in ("once", "origin", "again", "marks"))
    assert (late["shape"], late["disabled"]) == ([2, 3], 5)
