"""Models in MLflow: bundles, registered under a study's own run, with the code that runs them."""

from __future__ import annotations

import ast
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import studies
from studies.data.columns.free_text import FreeText
from studies.data.columns.table_encoder import TableEncoder
from studies.tracking.server import connect, unwritable
from studies.tracking.signature import signature_of
from studies.tracking.sink import Sink

if TYPE_CHECKING:
    from studies.bundle.bundle import Bundle

ADDRESSES: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
NEEDED: Final = ("mlflow", "numpy", "pandas", "safetensors", "torch")
"""Packages that every bundle predicts with."""
OURS: Final = Path(studies.__file__).parent
"""The package that reads rows and runs models: it travels with the model."""


def register(
    home: Path, study: str, name: str, bundle: Bundle, *, tracking_uri: str | None = None
) -> dict[str, int]:
    """Log a bundle under a study's own run and register it; return the new version of each registered name.

    Args:
        home: where the study lives.
        study: its name.
        name: to register under; a deployed file goes under the same with `-onnx`.
        bundle: of the model.
        tracking_uri: as in `sync`, which is done first.

    Raises:
        StoreError: MLflow cannot be written, or another process is mirroring the study.
    """
    with closing(Sink(home, study, tracking_uri)) as sink, warnings.catch_warnings(action="ignore"):
        sink.write()
        try:
            with _talking_to(sink.uri), Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
                versions = {name: _log_bundle(sink, name, bundle)}
                if (graph := bundle.members[0].graph) is not None:
                    versions[f"{name}-onnx"] = _log_onnx(sink, f"{name}-onnx", bundle, graph)
                _describe(sink, versions, bundle)
        except Exception as error:  # whatever MLflow, its database driver and its network library raise
            raise unwritable(sink.uri, error) from error
    return versions


def _log_bundle(sink: Sink, name: str, bundle: Bundle) -> int:
    import mlflow.pyfunc

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "bundle"
        bundle.save(folder)
        return _log(
            mlflow.pyfunc,
            sink,
            name,
            "model",
            metadata=_metadata(bundle),
            signature=signature_of(bundle),
            loader_module="studies.bundle.served",
            data_path=str(folder),
            code_paths=[str(OURS)],
            pip_requirements=requirements(bundle),
        )


def _log_onnx(sink: Sink, name: str, bundle: Bundle, graph: bytes) -> int:
    import mlflow.onnx
    import onnx

    return _log(
        mlflow.onnx,
        sink,
        name,
        "deployed",
        metadata=_metadata(bundle),
        onnx_model=onnx.load_from_string(graph),
        save_as_external_data=False,
        pip_requirements=pinned(("mlflow", "numpy", "onnx", "onnxruntime")),
    )


def _log(flavor: ModuleType, sink: Sink, name: str, folder: str, **options: Any) -> int:
    from mlflow.models import Model

    client = connect(sink.uri, sink.home)
    # made here, else it lands in the default experiment
    logged = client.create_logged_model(sink.experiment, name=folder, source_run_id=sink.run_id)
    info = Model.log(
        artifact_path=None,
        name=folder,
        flavor=flavor,
        run_id=sink.run_id,
        model_id=logged.model_id,
        registered_model_name=name,
        **options,
    )
    return int(info.registered_model_version)


def _metadata(bundle: Bundle) -> dict[str, Any]:
    """Return what a model's page in MLflow shows of a bundle."""
    said = bundle.about.to_dict()
    names = ("study", "dataset", "digest", "optimizer", "metric", "target", "classes", "weights", "notes")
    return {name: said[name] for name in names}


def _describe(sink: Sink, versions: Mapping[str, int], bundle: Bundle) -> None:
    client = connect(sink.uri, sink.home)
    trials = ", ".join(str(member.trial) for member in bundle.members if member.trial is not None)
    said = f"{bundle.about.optimizer}, study {bundle.about.study}, {bundle.about.weights}."
    for name, number in versions.items():
        client.update_model_version(name, str(number), said)
        for tag, value in {"advisor.study": bundle.about.study, "advisor.trial": trials}.items():
            client.set_model_version_tag(name, str(number), tag, str(value))


def requirements(bundle: Bundle) -> list[str]:
    """Return the packages that a bundle predicts with, at the versions that are installed here."""
    packages = set(NEEDED)
    encoders = [member.encoder for member in bundle.members]
    tables = [encoder for encoder in encoders if isinstance(encoder, TableEncoder)]
    if any(isinstance(column, FreeText) for table in tables for column in table.columns):
        packages.add("scikit-learn")
    if bundle.about.deployed:
        packages.add("onnxruntime")
    return pinned((*packages, *_imported(bundle)))


def _imported(bundle: Bundle) -> Iterator[str]:
    """Return the packages that the user's own source files import."""
    distributions = packages_distributions()
    for text in bundle.sources.values():
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                yield from distributions.get(name.partition(".")[0], ())


def pinned(packages: tuple[str, ...]) -> list[str]:
    """Return requirements of exactly the versions that are installed, without the build of torch."""
    names = sorted({name.lower() for name in packages} - {"optimizer-advisor"})
    return [f"{name}=={version(name).partition('+')[0]}" for name in names]


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
