"""Annotating: what is said of a study or a trial, shown and changed."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import streamlit as st

from dashboard import reads
from dashboard.widgets.words import plain
from studies.errors import StudyError
from studies.storage.annotations import StudyAnnotations, TrialAnnotations, change_annotations


def note_and_tags(home: Path, study: str, trial: int | None = None) -> None:
    """Show the note and the tags of a study or of one of its trials, to be changed.

    Args:
        home: where the study lies.
        study: its name.
        trial: the number of the trial; None for the study itself, which has a title too.
    """
    said = reads.annotations_of(home, study)
    about: StudyAnnotations | TrialAnnotations = said if trial is None else said.of_trial(trial)
    key = _key(study, trial, about)  # another one once somebody else has said something else
    with st.form(f"form {key}"):
        title = (
            st.text_input("Title", said.title, key=f"title {key}", help="Shown before the name, which stays")
            if trial is None
            else None
        )
        tags = st.multiselect(
            "Tags",
            sorted({*said.tags, *(tag for each in said.trials.values() for tag in each.tags)}),
            default=about.tags,
            accept_new_options=True,
            placeholder="Choose one or write a new one",
            key=f"tags {key}",
        )
        note = st.text_area("Note", about.note, key=f"note {key}", height=100)
        if not st.form_submit_button("Save"):
            return

    def changed(old: StudyAnnotations) -> StudyAnnotations:
        new = old.with_tags(tags, trial=trial).noted(note, trial=trial)
        return new if title is None else new.retitled(title)

    try:
        change_annotations(home, study, changed)
    except StudyError as error:
        st.error(plain(error))
        return
    st.rerun()


def archive(home: Path, study: str) -> None:
    """Offer to put a study away, or to bring it back."""
    archived = reads.annotations_of(home, study).archived
    if st.button("Bring back from the archive" if archived else "Archive", key=f"archive {study}"):
        try:
            change_annotations(home, study, lambda old: old.put_away(archived=not archived))
        except StudyError as error:
            st.error(plain(error))
            return
        st.rerun()


def _key(study: str, trial: int | None, about: StudyAnnotations | TrialAnnotations) -> str:
    about_study = about.title if isinstance(about, StudyAnnotations) else ""
    stamp = crc32(repr((about_study, about.note, about.tags)).encode(errors="replace"))
    return f"{study}/{'' if trial is None else trial} {stamp}"
