"""Run of a script: the object that regularizers and wrappers attach to, with what they use of it."""

from __future__ import annotations

from studies.script.parts import Parts
from studies.script.passes import loss_of

LISTS = {
    "on_batch": "functions of (inputs, targets) that change a batch",
    "after_backward": "called on every gradient",
    "before_step": "called before each step of the optimizer",
    "after_step": "called after it",
    "readouts": "contexts in which the model holds other weights that are measured too",
    "stop_conditions": "asked after each epoch whether the run ends",
    "attachment_state": "tensors kept beside the model",
}
"""Lists of a run that something may add to, and what they hold."""


def run_class(parts: Parts) -> str:
    """Return the class as source; empty where nothing is attached."""
    if not parts.attachments:
        return ""
    lists = [name for name in LISTS if name in parts.uses]
    lines = [
        "class Run:",
        '    """The training run, as what follows changes it."""',
        "",
        "    def __init__(self, model, optimizer, loss, total_steps, device):",
        "        self.model, self.optimizer, self.loss = model, optimizer, loss",
        "        self.total_steps, self.device = total_steps, device",
        '        self.peak_lrs = [group["lr"] for group in optimizer.param_groups]',
        "        self.step, self.lr_factor, self.curve = 0, 0.0, []",
    ]
    if "metric" in parts.uses:
        better = f"lambda new, old: new {parts.better_sign} old"
        lines.append(f"        self.metric = SimpleNamespace(better={better})")
    lines += [f"        self.{name} = []  # {LISTS[name]}" for name in lists]
    lines += [
        "",
        "    @property",
        "    def lr(self):",
        "        return self.peak_lrs[0] * self.lr_factor",
        "",
        "    def backward(self):",
        '        """Compute the loss of the batch and its gradients."""',
        "        self.optimizer.zero_grad()",
        "        inputs, targets = self.batch",
        f"        loss = {loss_of(parts, 'self.loss', 'self.model', 'inputs', 'targets')}",
        "        loss.backward()",
    ]
    if "after_backward" in lists:
        lines += ["        for hook in self.after_backward:", "            hook()"]
    return "\n".join([*lines, "        return loss"])
