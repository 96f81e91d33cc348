"""Every example in the documents runs, and what they point at is there."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from service.cli.parser import build
from tests.docs.commands import ADDRESS, NOT_RUN, NobodyRunsIt, arguments
from tests.docs.conftest import Server
from tests.docs.markdown import DOCUMENTS, ROOT, Block, blocks, commands, links, spans

TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in DOCUMENTS}
# In the order in which they are read: one may go on where the one before it ended.
COMMANDS = [c for c in dict.fromkeys(c for text in TEXTS.values() for c in commands(text)) if c not in NOT_RUN]
PYTHON = [
    pytest.param(block, id=f"{name} {number}")
    for name, text in TEXTS.items()
    for number, block in enumerate(blocks(text))
    if block.language == "python"
]
# Run here, run by test_operations.py, or for the eye alone.
LANGUAGES = {"sh", "python", "sql", "text", "mermaid"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_a_document_succeeds(command: str, server: Server, tmp_path: Path) -> None:
    server.run(arguments(command, server.address, tmp_path, server.token))


@pytest.mark.parametrize("block", PYTHON)
def test_every_example_in_python_runs_as_it_stands_and_every_quotation_stands_in_its_file(
    block: Block, server: Server
) -> None:
    if block.source:
        assert stripped(block.text) in stripped((ROOT / block.source).read_text())
        return
    assert ADDRESS in block.text
    server.run([sys.executable, "-W", "error", "-c", block.text.replace(ADDRESS, server.address)])


def stripped(text: str) -> str:
    """Without indentation, which a quotation loses."""
    return "\n".join(line.strip() for line in text.splitlines())


def test_no_block_escapes_these_tests() -> None:
    fences = sum(len(re.findall(r"^ *```", text, re.MULTILINE)) for text in TEXTS.values())
    found = [block for text in TEXTS.values() for block in blocks(text)]
    assert fences == 2 * len(found)
    assert {block.language for block in found} <= LANGUAGES


@pytest.mark.parametrize(
    "command", ["rm -rf .taxiway", "grpcurl -v 127.0.0.1:50051 list", ".venv/bin/nothing", "make x"]
)
def test_a_command_that_nobody_runs_is_found(command: str, tmp_path: Path) -> None:
    with pytest.raises(NobodyRunsIt):
        arguments(command, ADDRESS, tmp_path)


def test_grpcurl_is_run_as_buf_curl_with_the_same_address_flags_and_body(tmp_path: Path) -> None:
    flags = """-plaintext -H "authorization: Bearer $TOKEN" -d '{"parent": "users/me"}'"""
    line = f"grpcurl {flags} 127.0.0.1:50051 taxiway.v1.TaskService/ListTasks"
    words = arguments(line, "127.0.0.1:1", tmp_path, "abc")
    assert words[1:] == [
        *("curl", "--protocol", "grpc", "--http2-prior-knowledge"),
        *("-H", "authorization: Bearer abc", "-d", '{"parent": "users/me"}'),
        "http://127.0.0.1:1/taxiway.v1.TaskService/ListTasks",
    ]


@pytest.mark.parametrize("program", ["grpcurl", ".venv/bin/buf"])
def test_the_first_call_makes_a_task_that_the_second_lists(program: str, server: Server, tmp_path: Path) -> None:
    create, listing = (line for line in commands(TEXTS["README.md"]) if line.startswith(program))
    made = json.loads(server.run(arguments(create, server.address, tmp_path, server.token)))
    assert made["title"] == "Paint the fence"
    assert made in json.loads(server.run(arguments(listing, server.address, tmp_path, server.token)))["tasks"]


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_and_every_path_leads_somewhere(name: str) -> None:
    known = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    paths = [span for span in spans(TEXTS[name]) if re.fullmatch(r"[\w./-]+", span) and span.split("/")[0] in known]
    assert [path for path in paths if "dist" not in path and not (ROOT / path).exists()] == []
    assert [link for link in links(TEXTS[name]) if not (ROOT / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_named_in_a_sentence_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {span.split()[1] for span in spans(TEXTS[name]) if span.startswith("make ")} <= targets
    for span in spans(TEXTS[name]):
        if span.startswith("taxiway "):
            with pytest.raises(SystemExit) as ended:
                build().parse_args([*span.split()[1:], "--help"])
            assert ended.value.code == 0, span
