"""The committed stubs are what the protos say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PROTOS = Path(__file__).resolve().parents[2] / "protos"


def generated(protos: Path, out: Path) -> dict[str, bytes]:
    """All that `protos/generate.py` makes of the contract beside it, by path."""
    subprocess.run([sys.executable, protos / "generate.py", out], check=True)
    return tree(out)


def tree(directory: Path) -> dict[str, bytes]:
    """The files below a directory, but for what Python keeps there."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    assert generated(PROTOS, tmp_path) == tree(PROTOS / "stubs")


def test_a_changed_comment_and_a_left_over_file_are_drift(tmp_path: Path) -> None:
    protos, out = tmp_path / "protos", tmp_path / "out"
    shutil.copytree(PROTOS, protos)
    task = protos / "taxiway/v1/task.proto"
    task.write_text(task.read_text().replace("// Can wait.", "// Can wait longer."))
    (out / "taxiway/v1").mkdir(parents=True)
    (out / "taxiway/v1/gone_pb2.py").touch()
    made, committed = generated(protos, out), tree(PROTOS / "stubs")
    assert {path for path in made.keys() | committed.keys() if made.get(path) != committed.get(path)} == {
        "taxiway/v1/task_pb2.pyi"
    }
