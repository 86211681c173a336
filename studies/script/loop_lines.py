"""Lines of a training loop that stand in every style, its variables by the names that a style has."""

from __future__ import annotations

from dataclasses import dataclass

from studies.script.evaluation import settles
from studies.script.parts import Parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What a style calls the things that are trained and measured, as expressions."""

    model: str
    inputs: str
    """Training rows."""
    valid: str
    """Arguments of `evaluate` after the model."""
    epoch: str
    stop: str
    """Statement that ends the training."""
    run: str = "self.run"
    best: str = "self.best"
    curve: str = "self.curve"
    """What was measured after each epoch, where no run holds it."""
    reaction: str = "self.reaction"


def attaching(parts: Parts, names: Names, loss: str, device: str) -> list[str]:
    """Return the lines that make the run and attach everything to it; none where nothing is attached."""
    if not parts.attachments:
        return []
    made = f"{names.run} = Run({names.model}, optimizer, {loss}, total_steps, {device})"
    return [made, *(f"{name}({names.run})" for name in parts.attachments)]


def changed_batch(parts: Parts, names: Names) -> list[str]:
    """Return the lines that change the run's batch; none where nothing does."""
    if "on_batch" not in parts.uses:
        return []
    run = names.run
    return [f"for transform in {run}.on_batch:", f"    {run}.batch = transform(*{run}.batch)"]


def calling(parts: Parts, names: Names, hooks: str) -> list[str]:
    """Return the lines that call a list of the run's hooks; none where nothing is in it."""
    return [f"for hook in {names.run}.{hooks}:", "    hook()"] if hooks in parts.uses else []


def skipping(parts: Parts, names: Names, leave: str) -> list[str]:
    """Return the lines that leave an epoch after which nothing is measured; none where each is."""
    return [f"if {names.epoch} not in MEASURED:", f"    {leave}"] if parts.measured else []


def best_epoch(parts: Parts, names: Names) -> list[str]:
    """Return the lines that follow an epoch once `loss` and `metric` are measured: its weights, its end."""
    lines = [_copied(names), *_readouts(parts, names)]
    lines += [
        f'print(f"epoch {{{names.epoch}}}: validation loss {{loss:.4f}}, metric {{metric:.4f}}")',
        f"if {names.best} is None or better(metric, loss, *{names.best}[:2]):",
        f"    {names.best} = metric, loss, weights",
    ]
    curve = f"{names.run}.curve" if parts.attachments else names.curve
    if parts.follows_curve:
        lines.append(
            f"{curve}.append(SimpleNamespace(epoch={names.epoch}, valid_loss=loss, valid_metric=metric))"
        )
    if parts.reacts:
        lines.append(f"{names.reaction} = lr_reaction({curve})")
    if "stop_conditions" in parts.uses:
        stopping = f"any(condition() for condition in {names.run}.stop_conditions)"
        lines += [f"if {stopping}:", f"    {names.stop}"]
    return lines


def _readouts(parts: Parts, names: Names) -> list[str]:
    """Return the lines that measure the other weights that a run holds, and take them where better."""
    if "readouts" not in parts.uses:
        return []
    return [
        f"for readout in {names.run}.readouts:",
        "    with readout():",
        *(f"        {line}" for line in settling(parts, names)),
        f"        other_loss, other_metric = evaluate({names.model}, {names.valid})",
        "        if better(other_metric, other_loss, metric, loss):",
        "            loss, metric = other_loss, other_metric",
        f"            {_copied(names)}",
    ]


def settling(parts: Parts, names: Names) -> list[str]:
    """Return the line that takes batch-norm statistics anew; none where there are none to take."""
    return [f"settle({names.model}, {names.inputs})"] if settles(parts) else []


def _copied(names: Names) -> str:
    return f"weights = {{name: value.clone() for name, value in {names.model}.state_dict().items()}}"
