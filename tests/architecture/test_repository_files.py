"""No file carries what only one machine knows."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT, repository_files

# `/home/me/` stands for anybody's home in an example.
MACHINE_PATH = re.compile(r"(?<![\w.}-])/(?!home/me/)(?:home|Users|root|work|mnt|tmp)/[\w.]")
INDEX_ADDRESS = re.compile(
    r"https?://[^\s\"'<>]*(?:pypi|pythonhosted|/simple\b)|(?<!no-emit-)(?:index|find)[-_](?:url|links)"
)


def findings(pattern: re.Pattern[str], text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


@pytest.mark.parametrize("pattern", [MACHINE_PATH, INDEX_ADDRESS], ids=["machine path", "index address"])
def test_no_file_holds_a_path_of_one_machine_or_the_address_of_a_package_index(pattern: re.Pattern[str]) -> None:
    found = {str(path): findings(pattern, (ROOT / path).read_text(errors="replace")) for path in repository_files()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("folder", ["home/ann", "Users/ann", "root/x", "mnt/disk", "tmp/data"])
def test_the_check_finds_a_path_of_one_machine(folder: str) -> None:
    assert findings(MACHINE_PATH, f'path = "/{folder}"')
    assert not findings(MACHINE_PATH, f"https://example.org/{folder}")


# In halves, or this file would be found itself.
@pytest.mark.parametrize(
    "halves", [("https:", "//pypi.org/simple"), ("--extra-index", "-url x"), ("--find", "-links x")]
)
def test_the_check_finds_the_address_of_a_package_index(halves: tuple[str, str]) -> None:
    assert findings(INDEX_ADDRESS, "".join(halves))
    assert not findings(INDEX_ADDRESS, "--no-emit-index-url --no-emit-find-links")
