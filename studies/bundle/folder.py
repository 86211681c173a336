"""Folder of a bundle: its files written and read; no pickle among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from studies import recipe_file
from studies.bundle import build, programs, weights
from studies.bundle.about import FORMAT, About
from studies.bundle.member import Member
from studies.data.row_encoders.written import encoder_from_dict, encoder_to_dict
from studies.data.target_encoder import TargetEncoder
from studies.errors import StoreError, StudyError, named_line, shown

ABOUT: Final = "bundle.json"
ENCODER: Final = "encoder.json"
RECIPE: Final = "recipe.toml"
ONNX: Final = "model.onnx"
CODE: Final = "code"


def is_bundle(path: Path) -> bool:
    """Tell whether a path is a folder that holds a bundle."""
    return (path / ABOUT).is_file()


def weights_file(place: int) -> str:
    """Return the file of a member's weights."""
    return f"weights{'' if place == 0 else f'-{place + 1}'}.safetensors"


def program_file(place: int) -> str:
    """Return the file of a member's exported program."""
    return f"model{'' if place == 0 else f'-{place + 1}'}.pt2"


def write(
    folder: Path,
    *,
    about: About,
    members: tuple[Member, ...],
    recipe: Mapping[str, Any],
    sources: Mapping[str, str],
) -> None:
    """Write the fields of a bundle into a folder.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sources.items():
            file = folder / CODE / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for place, member in enumerate(members):
            _write_model(member, place, folder)
        _write_json(folder / ENCODER, {"members": [_plain(member) for member in members]})
        (folder / RECIPE).write_text(recipe_file.to_toml(recipe), encoding="utf-8")
        _write_json(folder / ABOUT, about.to_dict())  # last: a folder with it is whole
    except OSError as error:
        raise StoreError(
            f"bundle {shown(str(folder))} cannot be written: {error.strerror or error}"
        ) from error


def read(folder: Path) -> dict[str, Any]:
    """Return the fields of the bundle that a folder holds.

    Raises:
        StoreError: no bundle there, or a part of it is missing or of a later version.
    """
    if not is_bundle(folder):
        raise StoreError(f"{shown(str(folder))} holds no bundle: it has no {ABOUT}; give the folder of one")
    try:
        about = About.from_dict(_read_json(folder / ABOUT))
        if about.format > FORMAT:
            raise StoreError(
                f"bundle {shown(str(folder))} is of format {about.format}, and this version reads up to "
                f"{FORMAT}; install a newer optimizer-advisor"
            )
        written = _read_json(folder / ENCODER)["members"]
        members = tuple(_member(about, folder, place, values) for place, values in enumerate(written))
        recipe = recipe_file.from_toml(folder / RECIPE)
        sources = {
            path.relative_to(folder / CODE).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((folder / CODE).rglob("*.py"))
        }
    except StudyError:
        raise
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StoreError(
            f"bundle {shown(str(folder))} cannot be read: {named_line(error, longest=200)}; save it anew"
        ) from error
    return {"about": about, "members": members, "recipe": recipe, "sources": sources}


def _write_model(member: Member, place: int, folder: Path) -> None:
    if member.graph is not None:
        (folder / ONNX).write_bytes(member.graph)
    if member.program is not None:
        programs.save(member.program, folder / program_file(place))
    elif member.module is not None:
        weights.save(member.module, folder / weights_file(place))


def _plain(member: Member) -> dict[str, Any]:
    return {
        "trial": member.trial,
        "seed": member.seed,
        "split_seed": member.split_seed,
        "inputs": encoder_to_dict(member.encoder),
        "target": member.target.to_dict() if member.target else None,
    }


def _member(about: About, folder: Path, place: int, values: dict[str, Any]) -> Member:
    program = programs.load(folder / program_file(place)) if about.program else None
    module = programs.module_of(program) if program is not None else None
    if not (about.program or about.deployed):
        module = build.build(about, folder)
        weights.load(module, folder / weights_file(place))
    return Member(
        module=module,
        program=program,
        encoder=encoder_from_dict(values["inputs"]),
        target=TargetEncoder.from_dict(values["target"]) if values["target"] else None,
        trial=values["trial"],
        seed=values["seed"],
        split_seed=values["split_seed"],
        graph=(folder / ONNX).read_bytes() if about.deployed else None,
    )


def _write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
