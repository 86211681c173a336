"""The user has the last word on rules: off, weaker, stronger, or one more."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.decide.finding_reasons import MOST_FINDINGS
from advisor.decide.recommend import recommend
from advisor.decide.rulebook import apply_rules, in_force, resolved_settings, rules
from advisor.evidence import Evidence
from advisor.explanations.explanation import explanation
from advisor.jobs.request import Request
from studies.errors import BadValue, NothingFeasible, StudyError
from studies.facts import Facts
from studies.limits import Limits
from studies.storage.manifest import StudyManifest

from records import ACTIVATION_BYTES, PARAMETERS, STATE_FLOATS, facts, study

SPARSE = Evidence(facts=Facts(input_density=0.02), candidates=("AdamW", "Adagrad", "SGD"))
OWN = '''
from advisor.rules import Rule
class Taste(Rule):
    """I like Adagrad."""
    grade, source, hits, misses = "D", "me", (), ()
    def __call__(self, evidence):
        for name in evidence.optimizers:
            if name == "Adagrad":
                yield self.finding(name, "prefer", f"{name} is 1 of my favourites", strength=STRENGTH)
class Broken(Taste):
    def __call__(self, evidence):
        raise ZeroDivisionError("by zero")
nothing = 3
'''


@pytest.fixture
def rules_file(tmp_path):
    path = tmp_path / "my_rules.py"
    path.write_text(OWN.replace("STRENGTH", "0.8"))
    return str(path)


def test_a_rule_that_is_off_says_nothing_and_the_others_say_what_they_said():
    both = replace(SPARSE, planned_trials=3)
    without = apply_rules(replace(both, rules=("Sparsity=off",)))

    assert {finding.rule for finding in apply_rules(both)} == {"Sparsity", "Convergence"}
    assert without == tuple(finding for finding in apply_rules(both) if finding.rule != "Sparsity")


def test_a_factor_multiplies_strengths_and_leaves_words_alone():
    plain, half = apply_rules(SPARSE), apply_rules(replace(SPARSE, rules=("Sparsity=0.5",)))

    assert [finding.strength for finding in half] == [finding.strength / 2 for finding in plain]
    assert [finding.because for finding in half] == [finding.because for finding in plain]


def test_of_two_settings_on_a_rule_the_later_counts():
    assert not apply_rules(replace(SPARSE, rules=("Sparsity=2", "Sparsity=off")))
    assert apply_rules(replace(SPARSE, rules=("Sparsity=off", "Sparsity=on"))) == apply_rules(SPARSE)


def test_a_rule_of_the_users_own_speaks_beside_the_others_and_answers_to_a_factor(rules_file):
    once, twice = (
        apply_rules(replace(SPARSE, rules=(setting,)))
        for setting in (f"{rules_file}:Taste", f"{rules_file}:Taste=2")
    )

    assert [finding.strength for finding in once if finding.rule == "Taste"] == [0.8]
    assert [finding.strength for finding in twice if finding.rule == "Taste"] == [1.6]
    assert {finding.rule for finding in once} == {"Sparsity", "Taste"}
    assert apply_rules(replace(SPARSE, rules=(f"{rules_file}:Taste", "Taste=off"))) == apply_rules(SPARSE)


def test_a_rule_whose_file_is_gone_can_still_be_switched_off():
    assert apply_rules(replace(SPARSE, rules=("gone.py:Taste", "Taste=off"))) == apply_rules(SPARSE)
    with pytest.raises(StudyError, match="no file"):
        apply_rules(replace(SPARSE, rules=("gone.py:Taste",)))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param("Sparsty=off", "no rule is called 'Sparsty'; did you mean 'Sparsity'", id="unknown"),
        pytest.param("Sparsity", "write Name=off", id="no value"),
        pytest.param("Sparsity=loud", "write Name=off", id="no number"),
        pytest.param("Sparsity=-1", "0 to 10", id="negative"),
        pytest.param("Sparsity=nan", "0 to 10", id="nan"),
        pytest.param("=off", "write Name=off", id="no name"),
        pytest.param("", "write Name=off", id="nothing"),
    ],
)
def test_a_setting_that_means_nothing_is_one_plain_line(setting, message):
    with pytest.raises(BadValue) as error:
        Request(source="digits", rules=(setting,))

    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_rule_or_fails_is_one_plain_line(rules_file):
    with pytest.raises(BadValue, match="is no rule"):
        resolved_settings([f"{rules_file}:nothing"])
    with pytest.raises(BadValue, match=r"rule Broken fails: .*\.py, line \d+: ZeroDivisionError: by zero"):
        apply_rules(replace(SPARSE, rules=(f"{rules_file}:Broken",)))


def test_a_rule_that_gives_no_number_is_refused(tmp_path):
    (tmp_path / "bad.py").write_text(OWN.replace("STRENGTH", "float('nan')"))

    with pytest.raises(BadValue, match="gives Adagrad the strength nan"):
        apply_rules(replace(SPARSE, rules=(f"{tmp_path}/bad.py:Taste",)))


def test_settings_of_a_file_hold_in_any_folder(rules_file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert resolved_settings(["my_rules.py:Taste=0.5", "Sparsity=off"]) == (
        f"{rules_file}:Taste=0.5",
        "Sparsity=off",
    )


def test_switching_memory_off_breaks_no_limit():
    tight = Evidence(
        facts=facts(), candidates=("AdamW", "SGD"), limits=Limits(train_bytes=150_000), rules=("Memory=off",)
    )

    assert not [finding for finding in apply_rules(tight) if finding.verdict == "veto"]
    assert [contender.optimizer for contender in recommend(tight).contenders] == ["SGD"]
    with pytest.raises(NothingFeasible):
        recommend(replace(tight, limits=Limits(train_bytes=1000)))


def test_trials_outweigh_the_rules_at_full_strength():
    loud = tuple(f"{name}=10" for name in rules())
    records = study(
        {"SGD": [0.95] * 12, "Adagrad": [0.6] * 12},
        confirmed={"SGD": [0.95, 0.951, 0.949], "Adagrad": [0.6, 0.601, 0.599]},
    )
    known = Evidence(facts=facts(input_density=0.02), records=records, rules=loud)

    assert recommend(replace(known, records=(), candidates=("SGD", "Adagrad"))).optimizer == "Adagrad"
    assert recommend(known).optimizer == "SGD"


def test_every_rule_is_in_force_until_something_is_said():
    assert [type(rule).__name__ for rule, factor in in_force(()) if factor == 1] == list(rules())


@pytest.mark.parametrize("name", list(rules()))
def test_explain_prints_the_condition_the_examples_the_grade_and_the_source(name):
    rule, text = rules()[name], explanation(name)
    (first, *_) = rule(rule.hits[0])

    assert text.startswith(f"{name} (rule, grade {rule.grade})")
    assert f"Speaks when: {rule.when}" in text
    assert first.because in text
    assert "It is silent on" in text
    assert f"Source: {rule.source}" in text
    assert "Facts(" not in text


# ---------------------------------------------------------------- from the command line to the plan page and
# back


def spoken(answer):
    return {finding["rule"] for finding in answer["findings"]}


def test_a_study_keeps_the_settings_it_was_launched_with_and_an_answer_may_override_them(inside, rules_file):
    from advisor.jobs.advice import advice, evidence_of
    from advisor.jobs.session import prepare

    request = Request(
        source="iris",
        model="mlp",
        optimizers=("AdamW", "Adagrad"),
        rules=("Convergence=off", "my_rules.py:Taste"),
    )
    launched = prepare(request, Path(os.environ["ADVISOR_HOME"]))
    stored = evidence_of(launched.home, launched.name)

    assert stored.rules == ("Convergence=off", f"{rules_file}:Taste")
    assert "Taste" in {finding.rule for finding in advice(launched.home, launched.name).findings}
    assert "Taste" in spoken(json.loads(inside("recommend", launched.name, "--json").stdout))
    assert "Taste" not in spoken(
        json.loads(inside("recommend", launched.name, "--rule", "Taste=off", "--json").stdout)
    )


def test_profile_heeds_the_settings_and_says_what_it_does_not_know(inside):
    words = ("profile", "iris", "--optimizers", "AdamW,LARS", "--json")
    with_it = json.loads(inside(*words).stdout)["recommendation"]
    without = json.loads(inside(*words, "--rule", "LayerwiseScaling=off").stdout)["recommendation"]
    unknown = inside(*words, "--rule", "Layerwise=off")

    assert "LayerwiseScaling" in spoken(with_it)
    assert "LayerwiseScaling" not in spoken(without)
    assert unknown.returncode == 2
    assert "did you mean 'LayerwiseScaling'" in unknown.stderr


def test_a_study_of_an_earlier_version_has_no_settings(home):
    from advisor.jobs.advice import evidence_of
    from studies.storage import journal

    plan = {
        "facts": {},
        "limits": {},
        "candidates": ["AdamW"],
        "metric": "accuracy",
        "goal": "balanced",
        "valid_rows": 9,
    }
    journal.create_study(home, "old", direction="maximize", manifest=StudyManifest.from_dict(plan))

    assert evidence_of(home, "old").rules == ()


# ---------------------------------------------------------------- what is told, and how much of it


def test_few_findings_are_told_the_strongest_first_and_the_rest_by_name():
    stirred = facts(
        input_density=0.02,
        classes=100,
        class_imbalance=500.0,
        label_entropy=0.6,
        has_attention=True,
        pretrained=True,
        feature_scale_ratio=1.0,
        tied_weights=True,
        noise_scale=1.0,
        batch_size=4096,
    )
    answer = recommend(Evidence(facts=stirred, candidates=("AdamW",), planned_trials=3))
    said = list(map(str, answer.reasons))
    spoken_of = [reason for reason in said if reason.startswith(("Speaks", "Of less weight"))]

    assert len([finding for finding in answer.findings if finding.subject == "AdamW"]) > MOST_FINDINGS
    assert len(spoken_of) == MOST_FINDINGS + 1
    assert "100 classes" in spoken_of[0]
    assert spoken_of[-1] == "Of less weight: Sparsity (advisor explain Sparsity)."


def test_a_veto_of_many_is_told_in_few_lines():
    many = tuple(STATE_FLOATS)
    limit = 4 * PARAMETERS * 2 + ACTIVATION_BYTES
    answer = recommend(Evidence(facts=facts(), candidates=many, limits=Limits(train_bytes=limit)))
    sentences = [str(reason) for reason in answer.reasons if str(reason).startswith("Ruled out")]

    assert answer.optimizer == "SGD"
    assert len([finding for finding in answer.findings if finding.verdict == "veto"]) == len(many) - 1
    assert len(sentences) == MOST_FINDINGS
    assert all(any(name in line for line in sentences) for name in many if name != "SGD")
