"""Manifest: all that a study's journal says of it besides its trials.

It is written when the study begins and changed as it goes on.

    manifest = manifest_of(study)           # studies.storage.journal
    manifest.limits, manifest.facts.rows, manifest.workload.metric

Every entry may be missing: studies of earlier versions lack some, and a test needs few. Standard library
only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Self, TypeVar

from studies.column_reading import ColumnReading
from studies.errors import StoreError
from studies.facts import Facts
from studies.limits import Budget, Limits
from studies.outlook import Outlook
from studies.precisions import FLOAT32
from studies.split_facts import SplitFacts
from studies.step_price import StepPrice
from studies.storage.document import Document
from studies.storage.manifest_entries import Commit, CompressionEntry, Layer, SavedAdvice, Start
from studies.storage.workload_spec import WorkloadSpec
from studies.yardstick import Yardstick

Entry = TypeVar("Entry")
PLAN: Final = "plan"
"""Under which name a manifest is written among a study's attributes; an entry that changed later is written
alone, under `plan.ENTRY`."""

ASKED: Final = "asked"
INTERRUPTED: Final = "interrupted"
"""Who stopped a search before it was through: a wish (`studies.storage.stop_wish`); Ctrl-C or a signal."""


@dataclass(frozen=True, kw_only=True)
class StudyManifest(Document):
    """Manifest of a study: what it does, what on, and how far it is."""

    LATER: ClassVar = (
        "compression_study",
        "sensitivity",
        "recommendation",
        "split_facts",
        "yardsticks",
        "sample_rows",
        "lr_scaling",
        "step_price",
        "columns",
        "trial_seconds",
        "prepared_seconds",
        "passes",
        "fair",
        "precision",
        "compiled",
        "measurements",
        "lockstep",
        "exhaust",
        "outlook",
        "stopped",
        "options",
    )
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "budget": lambda values: Budget(**values),
        "limits": lambda values: Limits(**values),
        "starts": lambda values: tuple(Start(**start) for start in values),
        "compression_study": CompressionEntry.from_dict,
        "workload": WorkloadSpec.from_dict,
        "facts": Facts.from_dict,
        "step_price": StepPrice.from_dict,
        "git": lambda values: Commit(**values),
        "sensitivity": lambda values: tuple(map(Layer.from_dict, values)),
        "split_facts": SplitFacts.from_dict,
        "yardsticks": lambda values: tuple(map(Yardstick.from_dict, values)),
        "columns": lambda values: tuple(map(ColumnReading.from_dict, values)),
        "outlook": lambda values: Outlook(**values),
        "recommendation": lambda values: SavedAdvice(**values),
    }

    candidates: tuple[str, ...] = ()
    """Optimizers, the first one trained first. This and the entries up to `step_price` are those of
    `studies.plans.plan.Plan`."""
    schedules: tuple[str, ...] = ()
    regularizers: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    epochs: int | None = None
    batch_size: tuple[int, int, int] | None = None
    """Smallest, reference, largest rows a step."""
    largest_batches: Mapping[str, int] = field(default_factory=dict)
    budget: Budget | None = None
    """Of the search, a total."""
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    device: str = "cpu"
    trial_seconds: float | None = None
    threads: int = 1
    search_model: bool = False
    compression: str = "off"
    passes: tuple[str, ...] = ()
    """Of the compression, by name; empty for all that are offered."""
    unread: tuple[str, ...] = ()
    starts: tuple[Start, ...] = ()
    fair: str = "strict"
    precision: str = FLOAT32
    compiled: bool = False
    measurements: int = 0
    lockstep: int = 0
    sample_rows: int | None = None
    """Training rows that the search trains on, where it does not afford all of them; None for all."""
    exhaust: bool = True
    """Whether the search uses up its budget; those of earlier versions do."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options that the search was asked with and that no other entry holds, by name, so that its command can
    be said again; empty in studies of earlier versions."""
    outlook: Outlook | None = None
    """Why the search ended before its budget did; None where it did not, or is under way."""
    stopped: str = ""
    """Who stopped it before it was through, `ASKED` or `INTERRUPTED`; empty for nobody, or while it runs."""
    lr_scaling: bool = False
    step_price: StepPrice = field(default_factory=StepPrice)
    """What a step takes; nothing that was measured in studies of earlier versions."""
    compression_study: CompressionEntry | None = None
    """None unless a compression after the search was asked for."""
    id: str = ""
    """Tells it from another study of the same name in another home."""
    workload: WorkloadSpec | None = None
    facts: Facts | None = None
    goal: str = "balanced"
    metric: str = "quality"
    dataset: str = ""
    model: str = ""
    valid_rows: int | None = None
    baseline: float | None = None
    """Validation metric of a model that answers every row alike."""
    split_facts: SplitFacts | None = None
    """None in studies of earlier versions, and of a training function."""
    yardsticks: tuple[Yardstick, ...] | None = None
    """What plain models reach on the same rows; None until they were trained. The constant is `baseline`."""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became; empty in studies of earlier versions, and of other data."""
    notes: tuple[str, ...] = ()
    tracking_uri: str | None = None
    """Where MLflow's mirror is; None for the home's own, `off` for none."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the packages that matter, by name."""
    python: str = ""
    spent_seconds: float = 0.0
    """By the search so far, reading and profiling included."""
    prepared_seconds: float = 0.0
    """Those of reading and profiling among them; 0 in studies of earlier versions, which did not count
    them."""
    code: Mapping[str, str | None] = field(default_factory=dict)
    """Fingerprint of each file of the user's own, by its reference."""
    rules: tuple[str, ...] = ()
    git: Commit | None = None
    sensitivity: tuple[Layer, ...] | None = None
    """What each layer of the best model bears; None until it was looked at."""
    recommendation: SavedAdvice | None = None
    """None until the study is concluded."""

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Read what was written among a study's attributes: all of it, then one entry after the other.

        Raises:
            KeyError: it was not written.
        """
        begins = f"{PLAN}."
        changes = {
            name.removeprefix(begins): value for name, value in attributes.items() if name.startswith(begins)
        }
        return cls.from_dict({**attributes[PLAN], **changes})

    @property
    def is_function(self) -> bool:
        """Tell whether a training function is searched."""
        return self.workload is not None and self.workload.is_function

    @property
    def worked_seconds(self) -> float:
        """Return the seconds of the search and of the compression so far, as they were last written."""
        entry = self.compression_study
        return self.spent_seconds + (entry.spent_seconds if entry else 0.0)

    @property
    def model_shown(self) -> str:
        """Return the model as people know it: the user's own by where its code is, as net.py:Net."""
        return (self.workload and self.workload.factory) or self.model

    @property
    def is_imported(self) -> bool:
        """Tell whether the runs are another tool's."""
        return self.workload is not None and self.workload.is_imported

    @property
    def opened(self) -> WorkloadSpec:
        """Return what to open again.

        Raises:
            StoreError: the journal does not say, or the runs are another tool's.
        """
        if self.workload is not None and self.workload.is_imported:
            raise StoreError(
                f"its runs were imported from {self.workload.source}, so no data and no model is here "
                "to go on with; search yours from its best recipes: advisor search DATA --start-from STUDY"
            )
        return _required(self.workload, "workload")

    @property
    def profiled(self) -> Facts:
        """Return the facts of the workload.

        Raises:
            StoreError: the journal holds none.
        """
        facts = _required(self.facts, "facts")
        if facts.smallest_batch or self.batch_size is None:
            return facts
        return replace(facts, smallest_batch=self.batch_size[0])

    @property
    def searching(self) -> Budget:
        """Return the budget of the search.

        Raises:
            StoreError: the journal names none.
        """
        return _required(self.budget, "budget")

    @property
    def compressing(self) -> CompressionEntry:
        """Return what the compression may spend and use.

        Raises:
            StoreError: none was asked for.
        """
        return _required(self.compression_study, "compression_study")


def _required(value: Entry | None, entry: str) -> Entry:
    if value is None:
        raise StoreError(
            f"the study's journal has no '{entry}', so this cannot be done with it; start a new study"
        )
    return value
