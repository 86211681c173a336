"""Passes of a script: how a training loss is computed, in bfloat16 or compiled where the recipe says so."""

from __future__ import annotations

from studies.script.parts import Parts

COMPILED = '''@cache
def compiled(model):
    """Return a model whose passes are compiled, once for each."""
    return torch.compile(model)


'''


def loss_of(parts: Parts, loss: str, model: str, inputs: str, targets: str) -> str:
    """Return the expression of a training loss, from those of its parts."""
    if parts.bf16 or parts.compiled:
        return f"pass_loss({model}, {loss}, {inputs}, {targets})"
    return f"{loss}({model}({inputs}), {targets})"


def pass_loss(parts: Parts) -> str:
    """Return the functions that `loss_of` calls, as source; empty where passes are plain ones."""
    if not (parts.bf16 or parts.compiled):
        return ""
    kind = " and ".join([*(["in bfloat16"] if parts.bf16 else []), *(["compiled"] if parts.compiled else [])])
    called = "compiled(model)" if parts.compiled else "model"
    lines = [
        "def pass_loss(model, loss, inputs, targets):",
        f'    """Return the loss of a training pass, which is {kind}; what is measured is not."""',
    ]
    line = f"return loss({called}(inputs), targets)"
    if parts.bf16:
        lines += ["    with torch.autocast(inputs.device.type, torch.bfloat16):", f"        {line}"]
    else:
        lines.append(f"    {line}")
    return (COMPILED if parts.compiled else "") + "\n".join(lines)
