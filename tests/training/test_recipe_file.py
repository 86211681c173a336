"""Recipe file: what is written is read back, whatever a choice holds, in tables or flat."""

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import advisor
from studies.recipe import Recipe
from studies.recipe_file import from_toml, to_toml

NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**60), 2**60) | st.booleans()
TEXTS = st.text(st.characters(codec="utf-8"))
NAMES = st.text(st.characters(codec="utf-8", exclude_characters=".+"), min_size=1).filter(
    lambda name: name not in {"none", "batch_size"}
)
RECIPE = advisor.Recipe(
    optimizer=advisor.optimizers.Muon(lr=0.0077),
    regularizers=(advisor.regularizers.Mixup(), advisor.regularizers.GradientClipping()),
    wrappers=(advisor.wrappers.EMA(),),
)


@given(
    axis=st.sampled_from(["optimizer", "model", "schedule"]),
    name=NAMES,
    fields=st.dictionaries(st.sampled_from(["lr", "factory", "width"]), NUMBERS | TEXTS),
)
def test_every_name_and_value_is_read_back_as_it_was(axis, name, fields):
    params = {"epochs": 3, axis: name, **{f"{axis}.{name}.{field}": value for field, value in fields.items()}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_text(to_toml(params, ["a recipe"]), encoding="utf-8")

        assert from_toml(path) == params


def test_a_recipe_in_flat_form_is_read_as_one_in_tables(tmp_path):
    flat = "".join(
        f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in RECIPE.to_params().items()
    )
    (tmp_path / "flat.toml").write_text(flat)
    (tmp_path / "tables.toml").write_text(RECIPE.to_toml())

    assert Recipe.from_toml(tmp_path / "flat.toml") == RECIPE
    assert Recipe.from_toml(tmp_path / "tables.toml") == RECIPE
