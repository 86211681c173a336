"""An agent finds an optimizer with the protocol's real client, and reaches nothing else here."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

import pytest

from waiting import HANG_SECONDS

mcp = pytest.importorskip("mcp")
from mcp.client.stdio import StdioServerParameters  # noqa: E402

TABLE = "x,y\n" + "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(60))


@asynccontextmanager
async def agent(home, *words, cwd):
    """Yield the client of a server that was started on a home."""
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "advisor", "mcp", "--home", str(home), *words],
        cwd=str(cwd),
        env=dict(os.environ),
    )
    async with mcp.Client(started) as client:
        yield client


async def answer(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content[0].text
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def refusal(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.structured_content
    assert "\n" not in result.content[0].text
    return result.content[0].text


def test_an_agent_profiles_searches_waits_and_reads_the_answer(tmp_path):
    async def work():
        async with agent(tmp_path / "home", "--max-budget", "5trials", cwd=tmp_path) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert tools == {"profile", "search", "status", "recommend", "explain", "list"}
            profile = await answer(client, "profile", source="iris")
            assert profile["recommendation"]["optimizer"]
            began = await answer(client, "search", source="iris", budget="3trials", epochs=2)
            state = began["state"]
            for _ in range(int(HANG_SECONDS)):
                status = await answer(client, "status", study=began["study"])
                if (state := status["state"]) != "running":
                    break
                await asyncio.sleep(1)
            assert state == "done", status
            assert status["trials"]["complete"] >= 3
            advice = await answer(client, "recommend", study=began["study"], goal="speed")
            assert advice["optimizer"] in {contender["optimizer"] for contender in advice["contenders"]}
            explained = await answer(client, "explain", name=advice["optimizer"])
            assert advice["optimizer"] in explained["text"]
            listed = await answer(client, "list", kind="studies")
            assert [row["name"] for row in listed["rows"]] == [began["study"]]

    asyncio.run(work())


def test_an_agent_reaches_nothing_but_the_home_and_what_was_allowed(tmp_path):
    secret, shared, home = tmp_path / "secret.csv", tmp_path / "shared", tmp_path / "home"
    for folder in (shared, home):
        folder.mkdir()
    secret.write_text(TABLE)
    (shared / "rows.csv").write_text(TABLE)
    (home / "link.csv").symlink_to(secret)
    (tmp_path / "mine.py").write_text("raise SystemExit('was run')\n")

    async def work():
        async with agent(home, "--allow", str(shared), "--max-budget", "20s", cwd=tmp_path) as client:
            for source in (
                str(secret),
                "../secret.csv",
                "link.csv",
                f"{shared}/../secret.csv",
                "/etc/passwd",
            ):
                assert "lies outside" in await refusal(client, "profile", source=source, target="y"), source
            for source in (
                "https://example.org/x.csv",
                "rows*.csv",
                "sqlite:///x.db",
                "--home=/",
                "",
                "~/x.csv",
            ):
                await refusal(client, "search", source=source, target="y", budget="5s")
            for source in ("mine.py:data", "os:getcwd"):
                assert "is code" in await refusal(client, "profile", source=source)
            for option in ("model", "metric", "optimizers"):
                words = {"source": "iris", "budget": "5s", option: "mine.py:Net"}
                assert "is code" in await refusal(client, "search", **words)
            assert "at most 20s" in await refusal(client, "search", source="iris", budget="21s")
            assert "at most 20s" in await refusal(client, "search", source="iris", budget="1trials")
            assert "not understood" in await refusal(client, "search", source="iris", budget="many")
            assert "no study" in await refusal(client, "recommend", study="../secret")
            assert "no study" in await refusal(client, "status", study="../secret")
            assert "nothing is called" in await refusal(client, "explain", name="no-such")
            assert "code" in await refusal(client, "explain", name="mine.py:Net")
            assert "needs a target" in await refusal(client, "profile", source="rows.csv")
            assert (await answer(client, "profile", source="rows.csv", target="y"))["facts"]
            assert (await answer(client, "list", kind="studies"))["rows"] == []

    asyncio.run(work())
