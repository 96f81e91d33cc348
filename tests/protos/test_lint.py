"""`protos/lint.py` passes, and finds what it is there to find."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROTOS = Path(__file__).resolve().parents[2] / "protos"


def environment() -> dict[str, str]:
    """The environment without what a git hook says of the repository that it runs for."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


class Repository:
    """A repository of its own with the contract in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(PROTOS, root / "protos", ignore=shutil.ignore_patterns("stubs", "__pycache__"))
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> None:
        """Run git with an identity, whatever the user's configuration."""
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], check=True, cwd=self.root, env=environment())

    def commit(self) -> None:
        """Commit all there is."""
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "--message=Change")

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the first occurrence of `old`, which must be there."""
        path = self.root / "protos/taxiway/v1" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def drop_priority(self) -> None:
        """Break callers: the values of Task.Priority lose URGENT."""
        self.edit("task.proto", "    // Now.\n    URGENT = 4;\n", "")
        self.edit("task.proto", "    HIGH = 3;\n\n", "    HIGH = 3;\n")

    def lint(self) -> tuple[int, str]:
        """Exit code and findings."""
        command = [sys.executable, str(self.root / "protos/lint.py")]
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
        return run.returncode, run.stdout + run.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_the_contract_passes_before_there_is_anything_to_compare_with(repository: Repository) -> None:
    assert repository.lint() == (0, "buf breaking: no earlier contract to compare with\n")


@pytest.mark.parametrize(
    ("file", "old", "new", "finding"),
    [
        ("task.proto", "    // Begun by StartTask.\n", "", "IN_PROGRESS"),
        ("task.proto", "  string title = 2", "  string   title = 2", "+  string title = 2"),
        ("task.proto", "string title", "string Title", "lower_snake_case"),
        ("task_service.proto", "CancelTask(CancelTaskRequest)", "CancelTask(StartTaskRequest)", "CancelTaskRequest"),
    ],
    ids=["comment", "format", "name", "request"],
)
def test_a_fault_of_style_fails(repository: Repository, file: str, old: str, new: str, finding: str) -> None:
    repository.edit(file, old, new)
    code, findings = repository.lint()
    assert code == 1
    assert finding in findings


def branched(repository: Repository) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.drop_priority()
    repository.commit()
    repository.commit()


def alone(repository: Repository) -> None:
    repository.drop_priority()
    repository.commit()


@pytest.mark.parametrize("history", [branched, alone])
def test_a_change_that_breaks_callers_fails(repository: Repository, history: Callable[[Repository], None]) -> None:
    repository.commit()
    history(repository)
    code, findings = repository.lint()
    assert code == 1
    assert 'on enum "Priority" was deleted' in findings


def test_the_newest_release_is_what_counts(repository: Repository) -> None:
    repository.commit()
    repository.git("tag", "v0.9.0")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.drop_priority()
    repository.commit()
    repository.git("tag", "v0.10.0-rc1")
    repository.git("tag", "v0.10.0")
    assert repository.lint() == (0, "buf breaking: against v0.10.0\n")


def test_an_addition_breaks_nobody(repository: Repository) -> None:
    repository.commit()
    repository.git("tag", "v0.9.0")
    repository.edit("task.proto", "    URGENT = 4;\n", "    URGENT = 4;\n\n    // Later.\n    WAITING = 5;\n")
    assert repository.lint() == (0, "buf breaking: against v0.9.0\n")


def test_a_history_that_git_cannot_read_is_no_pass(repository: Repository) -> None:
    (repository.root / ".git/HEAD").unlink()
    code, findings = repository.lint()
    assert code == 1
    assert "git cannot read" in findings
