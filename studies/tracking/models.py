"""Models in MLflow: logged under a study's own run, registered by name, loaded without code of ours."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from studies.models.copies import copied
from studies.models.fitting import Scripted
from studies.nn.input_copies import cloned, without_copies
from studies.tracking.server import connect, unwritable
from studies.tracking.sink import Sink
from studies.weights.plain import make_weights_plain

if TYPE_CHECKING:
    import torch
    from torch import nn

INSTALLED: Final = ("torch", "torchvision", "numpy", "transformers")
"""Packages whose classes a saved model names instead of bringing along: they are installed where it is
loaded."""

ADDRESSES: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """Trained model to register, and what its user should know."""

    model: nn.Module
    rows: torch.Tensor
    """A few rows as it takes them."""
    about: Mapping[str, Any]
    """What goes into the model's metadata, in plain values."""
    description: str
    deployed: Path | None = None
    """The ONNX file that compression made of it."""


def register(
    home: Path, study: str, name: str, trained: Trained, *, tracking_uri: str | None = None
) -> dict[str, int]:
    """Log a model under a study's own run and register it; return the new version of each registered name.

    Args:
        home: where the study lives.
        study: its name.
        name: to register under; a deployed file goes under the same with `-onnx`.
        trained: the model.
        tracking_uri: as in `sync`, which is done first.

    Raises:
        StoreError: MLflow cannot be written, or another process is mirroring the study.
    """
    with closing(Sink(home, study, tracking_uri)) as sink, warnings.catch_warnings(action="ignore"):
        sink.write()
        try:
            with _talking_to(sink.uri), Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
                versions = {name: _log_torch(sink, name, trained)}
                if trained.deployed is not None:
                    versions[f"{name}-onnx"] = _log_onnx(sink, f"{name}-onnx", trained, trained.deployed)
                _describe(sink, versions, trained, study)
        except Exception as error:  # whatever MLflow, its database driver and its network library raise
            raise unwritable(sink.uri, error) from error
    return versions


def _log_torch(sink: Sink, name: str, trained: Trained) -> int:
    import mlflow.pytorch

    model = without_copies(copied(trained.model).cpu().eval())
    make_weights_plain(model)  # torch saves no module that computes its weights
    if isinstance(model, Scripted):
        model = model.module
    with _brought_along(model):
        return _log(
            mlflow.pytorch,
            sink,
            name,
            trained,
            "model",
            pytorch_model=model,
            serialization_format="pickle",
            pip_requirements=_requirements("torch"),
        )


def _log_onnx(sink: Sink, name: str, trained: Trained, path: Path) -> int:
    import mlflow.onnx
    import onnx

    return _log(
        mlflow.onnx,
        sink,
        name,
        trained,
        "deployed",
        onnx_model=onnx.load(path),
        save_as_external_data=False,
        pip_requirements=_requirements("onnx", "onnxruntime"),
    )


def _log(flavor: ModuleType, sink: Sink, name: str, trained: Trained, folder: str, **options: Any) -> int:
    import torch
    from mlflow.models import Model, infer_signature

    with torch.no_grad():
        outputs = trained.model(cloned(trained.rows)).numpy()
    client, experiment = connect(sink.uri, sink.home)
    # made here, else it lands in the default experiment
    logged = client.create_logged_model(experiment, name=folder, source_run_id=sink.run_id)
    info = Model.log(
        artifact_path=None,
        name=folder,
        flavor=flavor,
        run_id=sink.run_id,
        model_id=logged.model_id,
        registered_model_name=name,
        metadata=dict(trained.about),
        signature=infer_signature(trained.rows.numpy(), outputs),
        **options,
    )
    return int(info.registered_model_version)


def _describe(sink: Sink, versions: Mapping[str, int], trained: Trained, study: str) -> None:
    client, _ = connect(sink.uri, sink.home)
    for name, number in versions.items():
        client.update_model_version(name, str(number), trained.description)
        for tag, value in {"advisor.study": study, "advisor.trial": trained.about["trial"]}.items():
            client.set_model_version_tag(name, str(number), tag, str(value))


def _requirements(*packages: str) -> list[str]:
    return [f"{package}=={version(package).partition('+')[0]}" for package in ("mlflow", "numpy", *packages)]


@contextmanager
def _talking_to(uri: str) -> Iterator[None]:
    """Point MLflow's global address at `uri` while models are logged, which goes through nothing else."""
    import mlflow

    # MLflow writes them there, for processes to inherit
    before = {name: os.environ.get(name) for name in ADDRESSES}
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before[ADDRESSES[0]])  # type: ignore[arg-type]  # None is none
        mlflow.set_registry_uri(before[ADDRESSES[1]])  # type: ignore[arg-type]
        if before[ADDRESSES[1]] is None:
            os.environ.pop(ADDRESSES[1], None)


@contextmanager
def _brought_along(model: nn.Module) -> Iterator[None]:
    """Save the code of a model's classes with it, so that a process without their files loads it."""
    import cloudpickle

    hooks = [
        hook
        for module in model.modules()
        for hook in (*module._forward_pre_hooks.values(), *module._forward_hooks.values())
    ]
    parts = [*model.modules(), *(getattr(hook, "__self__", hook) for hook in hooks)]
    names = sorted({type(part).__module__ for part in parts})
    brought = [name for name in names if name.partition(".")[0] not in INSTALLED]
    with ExitStack() as stack:
        for module in (sys.modules[name] for name in brought if name in sys.modules):
            if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
                cloudpickle.register_pickle_by_value(module)
                stack.callback(cloudpickle.unregister_pickle_by_value, module)
        yield
