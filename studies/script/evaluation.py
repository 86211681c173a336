"""Evaluation in a script: loss and metric of a model on some rows."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Final

from studies.script.parts import Parts

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload

EVALUATION: Final = Template('''@torch.no_grad()
def evaluate(model, inputs, targets):
    """Return loss and metric on some rows."""
    model.eval()
$body''')
BY_BATCH: Final = """    total, outputs = 0.0, []
    for start in range(0, len(inputs), 256):
        rows = slice(start, start + 256)
        batch = inputs[rows]
        outputs.append(model(batch))
        total += float({loss}(outputs[-1], targets[rows])) * len(batch)
    loss = total / len(inputs)
"""
AT_ONCE: Final = """    rows = [inputs[start : start + 512] for start in range(0, len(inputs), 512)]
    outputs = torch.cat([model(part) for part in rows])
    loss = float({loss}(outputs, targets))
"""
UNITS: Final = """    predictions = outputs.float().cpu().numpy() * TARGET_SCALE + TARGET_MEAN
    amounts = targets.cpu().numpy() * TARGET_SCALE + TARGET_MEAN
"""
SETTLE: Final = '''@torch.no_grad()
def settle(model, inputs):
    """Take batch-norm statistics anew, for weights that the model was not trained at."""
    model.train()
    size = max(BATCH_SIZE, 2)
    for start in range(0, len(inputs), size)[:30]:
        if len(rows := inputs[start : start + size]) > 1:
            model(rows)


'''


def evaluation(parts: Parts, workload: LoadedWorkload) -> str:
    """Return the functions that measure a model, as source."""
    by_batch = workload.own_loss is not None
    body = (BY_BATCH if by_batch else AT_ONCE).format(loss=parts.valid_loss)
    if not parts.metric:
        body += "    return loss, loss"
    else:
        body += "    outputs = torch.cat(outputs)\n" if by_batch else ""
        if workload.dataset.task == "regression":
            body += UNITS + f"    return loss, {parts.metric}(predictions, amounts)"
        else:
            body += f"    return loss, {parts.metric}(outputs.float().cpu().numpy(), targets.cpu().numpy())"
    return (SETTLE if settles(parts) else "") + EVALUATION.substitute(body=body)


def settles(parts: Parts) -> bool:
    """Tell whether weights are measured that the batch-norm statistics are not of."""
    return parts.settles and (parts.averages or "readouts" in parts.uses)
