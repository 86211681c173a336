"""Large embedding tables of which a batch touches few rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import percent, share_beside
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class SparseRows(PriorRule):
    """Where a batch reads few rows of a table, a rare row is seen rarely and must make much of each gradient.

    Adagrad's step does not fade for a row that is seldom seen, row-wise Adagrad does the same with one number
    a row, and SparseAdam moves only the rows of the batch. Plain descent gives a rare row as small a step as
    a frequent one: in our check on embedding bags of 500 and 5,000 words its tuned loss was 9 to 17 % above
    AdamW's, Nesterov's 8 to 13 %, Adagrad's level. And a dense step walks through the whole table: on one of
    200,000 x 64 a fused step of AdamW took 15 times as long as SparseAdam's when a batch touched 1 % of the
    rows, 4 times at 5 %, as long at 20 %. Tables with dense gradients get a note that says so.

    Caveat: a small vocabulary is touched nearly whole by every batch, and a table of it is a dense weight
    like any other.
    Reference: Duchi, Hazan and Singer 2011, JMLR 12; AlgoPerf's Criteo target, arXiv 2306.07179; step times
    measured.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "Duchi et al. 2011, JMLR 12; AlgoPerf's Criteo target, arXiv 2306.07179"
    invites: ClassVar[bool] = True

    embedding_share: ClassVar[float] = 0.5
    """Share of the parameters in embeddings from which their gradients dominate: half."""
    rows_touched: ClassVar[float] = 0.5
    """Share of a table's rows in one batch below which rare rows are left behind: in our check on an
    embedding bag the tuned loss of Nesterov was 2 % above AdamW's at 0.94 and 13 % at 0.30."""
    few_rows: ClassVar[float] = 0.05
    """Share from which down a dense step costs about four times a sparse one or more (measured)."""
    when: ClassVar[str] = (
        f"embeddings hold at least {percent(embedding_share)} of the parameters "
        f"and a batch touches less than {percent(rows_touched)} of their rows"
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "Adagrad": 0.8, "RowwiseAdagrad": 0.8, "SparseAdam": 0.8, "Adam": 0.4, "AdamW": 0.4, "NAdamW": 0.4,
        "SGD": -0.8, "Momentum": -0.8, "Nesterov": -0.8, "Lion": -0.4, "Signum": -0.4, "Muon": -0.4,
    }  # fmt: skip
    """Log-odds, quantised to weak and moderate, from the same sources as those on sparse inputs."""
    helps: ClassVar[str] = "{} has longer steps for what is rarely read, which keeps rare rows learning"
    hurts: ClassVar[str] = "{} leaves rare rows behind"
    dense: ClassVar[tuple[str, ...]] = (
        "Adam",
        "AdamW",
        "NAdamW",
        "RMSprop",
        "Lion",
        "Muon",
        "ScheduleFreeAdamW",
        "Adagrad",
        "Momentum",
        "Nesterov",
        "SGD",
    )
    """Optimizers that walk through a whole table with dense gradients and may be advised for such a model."""

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(embedding_share=0.9, rows_touched=0.03), candidates=("AdamW", "Adagrad", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(embedding_share=0.9, rows_touched=0.8), candidates=("AdamW", "Adagrad", "SGD")),
        Evidence(facts=Facts(embedding_share=0.2, rows_touched=0.03), candidates=("AdamW", "Adagrad", "SGD")),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how large the tables are, and how few rows a batch touches."""
        facts = evidence.facts
        if facts.embedding_share < self.embedding_share or facts.rows_touched >= self.rows_touched:
            return None
        share = share_beside(facts.rows_touched, self.rows_touched)
        touched = f"{share} of the rows of a table (few is below {percent(self.rows_touched)})"
        tables = f"{percent(facts.embedding_share)} of the parameters are embeddings"
        return f"{tables} and a batch of {several(facts.batch_size, 'row')} touches at most {touched}"

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what few rows mean for each optimizer, and what dense gradients cost it."""
        yield from super().__call__(evidence)
        facts = evidence.facts
        if facts.sparse_share == 0 and facts.rows_touched <= self.few_rows and self.holds(evidence):
            yield from self.remark(
                evidence,
                self.dense,
                f"{{}} steps on all rows of the tables though a batch touches {percent(facts.rows_touched)}: "
                "nn.Embedding(sparse=True) spares that, three quarters of AdamW's step time where measured",
            )
