"""Documentation that cannot lie: blocks run, tables are the code's, names exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import typer

from advisor.cli.app import app
from docs.write import DOCUMENTS, schemas, written
from studies import catalogue

from waiting import ANSWER_SECONDS, HANG_SECONDS, wait_until

ROOT = Path(__file__).parents[2]
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
}
README = TEXTS["README.md"]
SHELL = [block for text in TEXTS.values() for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)]
SERVERS = ("advisor dashboard", "mlflow ui")
BUDGETS = {
    "search 20s": "3trials",
    "resume 30s": "4trials",
    "compress 60s": "155trials",
    "search 60s": "3trials --epochs 9",
}
"""What a test tries where a reader waits: counts, which a busy machine reaches too. A search with compression
after it has 150 compressions at any count, which is what `compress` then goes on from."""


def environment(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "ADVISOR_HOME": str(tmp_path / ".advisor")}


def shell(script, tmp_path):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )


def quick(block):
    """Return a block that a test can wait for: small counts, and rows that are learnt at once."""
    budget = re.compile(r"^(advisor (\w+) .*--budget )(\d+s)", flags=re.MULTILINE)
    block = budget.sub(lambda words: words[1] + BUDGETS[f"{words[2]} {words[3]}"], block)
    return (
        block.replace("digits", "iris").replace("40trials", "12trials").replace(". .venv/bin/activate\n", "")
    )


MADE_BEFORE = "advisor search iris --budget 8trials --epochs 2 --optimizers AdamW,SGD --tracking-uri off"
"""What a block needs that goes on with a study of the reader's."""
COMMANDS = [
    block for block in SHELL if "advisor " in block and not any(server in block for server in SERVERS)
]


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block[:20])
def test_the_shell_blocks_of_the_documents_run(block, tmp_path):
    commands = quick(block)
    if "iris-1" in commands and "advisor search" not in commands:
        commands = f"{MADE_BEFORE}\n{commands}"
    done = shell(commands, tmp_path)

    assert done.returncode == 0, done.stderr


def test_the_make_targets_of_the_documents_exist():
    lines = "\n".join([*SHELL, *re.findall(r"^    make .*", TEXTS["CONTRIBUTING.md"], flags=re.MULTILINE)])
    targets = {
        target
        for words in re.findall(r"^ *make ([\w -]+)", lines, flags=re.MULTILINE)
        for target in words.split()
    }
    assert {"demo", "test", "lint"} <= targets
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_python_block_of_the_readme_runs(tmp_path):
    block = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\w+ (decided|leaning|open|tied) [\d.e-]+\n", done.stdout)


def serves(command, tmp_path, url):
    """Start a server, wait until it answers, stop it with all its children."""
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            wait_until(lambda: process.poll() is not None or _answers(url), f"{url} answers")
            return process.poll() is None
        finally:
            os.killpg(process.pid, 9)


def _answers(url):
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as page:  # noqa: S310
        return page.status == 200


def test_the_dashboard_command_serves_a_page(tmp_path):
    assert serves("advisor dashboard --port 18501", tmp_path, "http://127.0.0.1:18501")


@pytest.mark.slow
def test_the_mlflow_command_of_the_readme_serves_the_mirror(tmp_path):
    assert shell("advisor search iris --budget 9trials --epochs 3", tmp_path).returncode == 0
    command = re.search(r"^mlflow ui [^#\n]+", README, flags=re.MULTILINE)[0].strip() + " --port 15000"

    assert serves(command, tmp_path, "http://127.0.0.1:15000")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_generated_parts_of_a_document_are_what_the_code_says(document):
    assert written(document) == TEXTS[document], "run: make docs"
    for name in DOCUMENTS[document]:
        assert TEXTS[document].count(f"<!-- {name} -->") == TEXTS[document].count(f"<!-- /{name} -->") == 1, (
            name
        )


def test_the_schemas_of_the_documents_are_what_the_code_says():
    paths = ROOT.glob("docs/reference/schemas/*")
    files = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}

    assert files == schemas(), "run: make docs"


@pytest.mark.parametrize("axis", list(catalogue.FOLDERS))
def test_every_choice_stands_in_a_table_of_the_catalogue(axis):
    rows = set(re.findall(r"^\| `(\w+)` \|", TEXTS["docs/reference/catalogue.md"], flags=re.MULTILINE))

    assert set(catalogue.choices(axis)) - {"table", "none"} <= rows


def test_every_folder_and_file_says_in_its_first_line_what_it_is():
    for document in ("README.md", "docs/files.md"):
        assert not re.findall(r"^(?:\| .*\|  \||- .*\): *)$", TEXTS[document], flags=re.MULTILINE), document


def test_the_readme_names_every_folder_that_holds_code():
    folders = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}

    assert folders <= set(re.findall(r"\]\((\w+)\)", README))


@pytest.mark.parametrize("document", sorted(set(TEXTS) - {"CHANGELOG.md", "docs/files.md"}))
def test_every_command_and_option_in_a_document_is_one(document):
    known = typer.main.get_command(app).commands
    commands = re.findall(
        r"(?:^|`|\$ |; )advisor ([a-z]+)\b([^`\n#|;]*)", TEXTS[document], flags=re.MULTILINE
    )
    for command, rest in commands:
        assert command in known, f"{command} {rest}"
        params = known[command].params
        options = {name for param in params for name in (*param.opts, *param.secondary_opts, "--help")}
        for option in re.findall(r"(?<![\w-])(--[a-z-]+)", rest):
            assert option in options, f"{command} {option}"


def test_every_command_and_option_stands_in_the_reference():
    section = re.compile(r"^### advisor ([a-z]+)\n(.*?)(?=^##|\Z)", flags=re.MULTILINE | re.DOTALL)
    sections = dict(section.findall(TEXTS["docs/reference/commands.md"]))
    for name, command in typer.main.get_command(app).commands.items():
        for param in command.params:
            assert param.param_type_name == "argument" or f"`{param.opts[0]}`" in sections[name], param.name


def whole(path):
    """Return the text of a document with the files that it takes in."""
    taken_in = re.compile(r'^--8<-- "([^":]+).*"$', flags=re.MULTILINE)
    return taken_in.sub(lambda file: (ROOT / file[1]).read_text(), path.read_text())


@pytest.mark.parametrize("document", TEXTS)
def test_links_between_documents_lead_somewhere(document):
    for target, heading in re.findall(r"\]\((?!http)([^)#\s]+)#?([\w-]*)\)", TEXTS[document]):
        path = (ROOT / document).parent / target
        assert path.exists(), f"{document}: {target}"
        headings = re.findall(r"^#+ (.*)", whole(path), flags=re.MULTILINE) if heading else ()
        names = {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings}
        assert not heading or heading in names, f"{document}: {target}#{heading}"
