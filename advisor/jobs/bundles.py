"""Bundle of a study: its recommended model with its encoder, recipe and facts, ready to predict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from advisor.jobs.advice import advice
from advisor.jobs.bundle_facts import about_data, about_study, uncompressed, unconfirmed
from advisor.jobs.ensemble_gain import gain_of, notes
from advisor.jobs.fingerprints import check_model_unchanged
from advisor.jobs.recommended_model import picked
from studies.bundle.bundle import Bundle
from studies.bundle.member import Member
from studies.errors import BadValue, BadWorkload, StoreError, shown
from studies.quantities import several
from studies.storage.follow import read_study

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from studies.compression.checkpoint import Checkpoint
    from studies.data.inputs import Inputs
    from studies.data.row_encoders import RowEncoder
    from studies.data.target_encoder import TargetEncoder
    from studies.loaded_workload import LoadedWorkload
    from studies.record import Record
    from studies.storage.manifest import StudyManifest

RETRAINS: Final = ("", "all")
IN_MEMORY: Final = (
    "The model was made in memory and its source is in no file: the bundle holds the exported program, which "
    "torch runs without the source."
)


def opened(study: str | Path, home: Path, *, retrain: str = "", ensemble: bool = False) -> Bundle:
    """Return the bundle of a study's recommended model, or the one that was saved in a folder.

    Raises:
        BadValue: other weights are asked of a folder, which has what it has.
        StudyError: as `bundle_of` and `Bundle.load`.
    """
    from studies.bundle.folder import is_bundle

    if not is_bundle(Path(study)):
        return bundle_of(home, str(study), retrain=retrain, ensemble=ensemble)
    if retrain or ensemble:
        raise BadValue(
            f"{shown(str(study))} is a saved bundle, whose weights are as they are; name its study"
        )
    return Bundle.load(study)


def bundle_of(home: Path, study: str, *, retrain: str = "", ensemble: bool = False) -> Bundle:
    """Return the bundle of a study's recommended model.

    Args:
        home: where the study lives.
        study: its name.
        retrain: "" for the weights that the study has; "all" to train once more, on the rows that trained and
            those that validated.
        ensemble: whether the answers of all confirmation seeds are averaged.

    Raises:
        BadWorkload: a training function was searched, which holds its model to itself.
        BadValue: weights that there is no way to.
        NothingFeasible: no run of the recommended optimizer was completed.
        StudyError: no such study, or its data is not what it was.
    """
    if retrain not in RETRAINS:
        raise BadValue(f"retrain {shown(retrain)} is not understood; allowed: all, or leave it out")
    source = StudyModels.of(home, study)
    record, file = picked(source.recommendation, source.records, home / "models" / study)
    if retrain and ensemble:
        raise BadValue("one model is trained once more, and an ensemble has several; leave one of both out")
    if file is not None and (retrain or ensemble):
        raise BadValue(
            f"'{study}' recommends the compressed file {file.name}, which is neither trained again nor "
            "averaged; leave retrain and ensemble out"
        )
    if file is not None:
        return source.of_file(record, file)
    if retrain:
        return source.of_all_rows(record)
    return source.of_seeds() if ensemble else source.of_run(record)


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyModels:
    """Models of a study: what its bundles are made from."""

    home: Path
    name: str
    manifest: StudyManifest
    records: tuple[Record, ...]
    recommendation: Recommendation
    workload: LoadedWorkload

    @classmethod
    def of(cls, home: Path, study: str) -> Self:
        """Return what a study holds, its data opened again.

        Raises:
            BadWorkload: a training function was searched.
            StudyError: no such study, or its data is not what it was.
        """
        from studies.workload_opening import reopen_workload

        stored = read_study(home, study)
        manifest = stored.manifest
        if manifest.opened.is_function:
            raise BadWorkload(
                f"'{study}' searches a training function, which holds its model to itself: there is none to "
                "predict with; train its recipe in code of yours: advisor.recommend(study).recipe"
            )
        workload = reopen_workload(manifest.opened)
        check_model_unchanged(manifest, workload)
        return cls(
            home=home,
            name=study,
            manifest=manifest,
            records=stored.records,
            recommendation=advice(home, study),
            workload=workload,
        )

    def of_run(self, record: Record) -> Bundle:
        """Return the bundle of one run's weights."""
        source = self.trained(record)
        runs = len(self.recommendation.seeds)
        chosen = f"the best on validation of {several(runs, 'confirmation seed')}" if runs > 1 else "one run"
        return self.bundle(
            (member_of(source, record),), record, source.workload, weights=f"trial {record.number}: {chosen}"
        )

    def of_all_rows(self, record: Record) -> Bundle:
        """Return the bundle of a run's recipe, trained once more on all rows but those that test."""
        from advisor.jobs.retraining import best_epoch, note, retrained

        source = retrained(record, self.workload, device=self.manifest.device)
        member = replace(member_of(source, record), trial=None, split_seed=None)
        return self.bundle(
            (member,),
            record,
            source.workload,
            weights="trained once more on the rows that trained or validated",
            notes=(note(record, source, best_epoch(record, self.workload)),),
        )

    def of_seeds(self) -> Bundle:
        """Return the bundle of all confirmation seeds, whose answers are averaged.

        Raises:
            BadValue: there are fewer than two.
        """
        numbers = set(self.recommendation.trials)
        runs = [run for run in self.records if run.number in numbers and run.stage == "confirm"]
        if len(runs) < 2:
            raise BadValue(
                f"'{self.name}' has {several(len(runs), 'confirmation run')} of its recommended recipe, and "
                "an average takes two; give it more budget: advisor.resume, or leave ensemble out"
            )
        sources = [self.trained(run) for run in runs]
        members = tuple(map(member_of, sources, runs))
        workloads = [source.workload for source in sources]
        bundle = self.bundle(
            members,
            runs[0],
            workloads[0],
            weights=f"the average of {several(len(runs), 'confirmation seed')}",
        )
        gain = gain_of(bundle.members, workloads, bundle.about)
        said = notes(gain, len(runs), self.recommendation.metric)
        return replace(bundle, about=replace(bundle.about, gain=gain, notes=(*bundle.about.notes, *said)))

    def of_file(self, record: Record, file: Path) -> Bundle:
        """Return the bundle of a compressed file, which predicts by itself."""
        workload = self.workload.on_split(record.split_seed)
        member = Member(
            module=None,
            graph=file.read_bytes(),
            encoder=encoder_of(workload),
            target=target_of(workload),
            trial=record.number,
            seed=record.seed,
            split_seed=record.split_seed,
        )
        return self.bundle((member,), record, workload, weights=f"the compressed file {file.name}")

    def trained(self, record: Record) -> Checkpoint:
        """Return the model that a run trained, from its file or trained again.

        Raises:
            StoreError: that was interrupted.
        """
        from studies.trials.checkpoints import Checkpoints

        checkpoints = Checkpoints.of(self.home, self.name)
        source = checkpoints.load_or_train(record, self.workload, device=self.manifest.device)
        if source is None:
            raise StoreError("interrupted while the recommended model was trained again")
        return source

    def bundle(
        self,
        members: tuple[Member, ...],
        record: Record,
        workload: LoadedWorkload,
        *,
        weights: str,
        notes: tuple[str, ...] = (),
    ) -> Bundle:
        """Return a bundle of these members, with what is known of the run that they are from."""
        from studies.bundle.sources import entry_of
        from studies.recipe import Recipe

        entry = entry_of(Recipe.from_params(record.params).model)
        deployed = members[0].graph is not None
        in_memory = not (deployed or entry.complete)
        about = replace(
            about_study(self.name, self.manifest, self.recommendation, record),
            **about_data(workload),
            model=entry.model,
            program=in_memory,
            deployed=deployed,
            weights=weights,
            notes=(
                *unconfirmed(record),
                *(() if deployed else uncompressed(record)),
                *notes,
                *([IN_MEMORY] if in_memory else []),
            ),
        )
        if in_memory:
            members = tuple(as_program(member, about.inputs) for member in members)
        return Bundle(about=about, members=members, recipe=dict(record.params), sources=dict(entry.files))


def member_of(source: Checkpoint, record: Record) -> Member:
    """Return the member that a trained model is, with the encoder of the split that it was trained on."""
    return Member(
        module=source.model.cpu().eval(),
        encoder=encoder_of(source.workload),
        target=target_of(source.workload),
        trial=record.number,
        seed=record.seed,
        split_seed=record.split_seed,
    )


def as_program(member: Member, inputs: Inputs) -> Member:
    """Return a member that runs the exported program of its model.

    Raises:
        BadWorkload: it cannot be exported.
    """
    from studies.bundle import programs
    from studies.bundle.build import example_rows

    if member.module is None:
        return member
    program = programs.exported(member.module, example_rows(inputs))
    return replace(member, module=programs.module_of(program), program=program)


def encoder_of(workload: LoadedWorkload) -> RowEncoder:
    """Return what turns rows into the inputs of a workload's model.

    Raises:
        BadWorkload: nothing says how its rows became inputs.
    """
    if workload.dataset.encoder is None:
        raise BadWorkload(
            f"'{workload.name}' does not say how other rows become inputs like its own, so that "
            "nothing can be predicted for them"
        )
    return workload.dataset.encoder


def target_of(workload: LoadedWorkload) -> TargetEncoder | None:
    """Return what says what a workload's outputs mean; None for targets of a loss of the user's own."""
    return None if workload.dataset.free else workload.dataset.target_encoder
