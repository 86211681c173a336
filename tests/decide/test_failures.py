"""Failures are counted by reason, every trial that did not run to its end once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from advisor.decide.failures import ELIDED, failures, mostly_failed

from records import record

ENDED = st.lists(
    st.tuples(
        st.sampled_from(["complete", "pruned", "infeasible", "failed"]),
        st.sampled_from(["RuntimeError: a wire came loose", "diverged in epoch 3", "out of memory", None]),
    ),
    max_size=30,
)


@given(ENDED)
def test_every_trial_that_did_not_run_to_its_end_has_one_reason(ended):
    records = [record(number, state=state, error=error) for number, (state, error) in enumerate(ended)]
    counted = failures(records)

    numbers = [number for failure in counted for number in failure.trials]
    assert sorted(numbers) == [run.number for run in records if run.state != "complete"]
    assert len({(failure.state, failure.reason) for failure in counted}) == len(counted)
    assert failures(reversed(records)) == counted


@given(ENDED)
def test_a_study_has_mostly_failed_from_half_of_its_trials_on(ended):
    records = [record(number, state=state, error=error) for number, (state, error) in enumerate(ended)]
    failed = sum(state == "failed" for state, _ in ended)

    assert mostly_failed(records) == (failed > 0 and 2 * failed >= len(ended))


def test_reasons_that_differ_in_a_number_are_one_and_exceptions_come_first():
    records = [
        record(0, state="infeasible", error="diverged in epoch 3: the training loss became nan"),
        record(1, state="infeasible", error="diverged in epoch 12: the training loss became 1.8e+05"),
        record(2, state="infeasible", error="needs 4096 bytes to train, the limit is 100"),
        record(3, state="failed", error="RuntimeError: mat1 and mat2 (32x4 and 5x3)"),
    ]

    assert [str(failure) for failure in failures(records)] == [
        "1 trial failed: RuntimeError: mat1 and mat2 (32x4 and 5x3)",
        f"2 trials infeasible: diverged in epoch {ELIDED}: the training loss became {ELIDED}",
        f"1 trial infeasible: needs {ELIDED} bytes to train, the limit is {ELIDED}",
    ]
    assert failures(records)[1].trials == (0, 1)
