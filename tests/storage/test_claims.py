"""Claims: one process has one, and it is free however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.claims import Claims


def test_a_claim_is_one_processs_until_it_lets_go(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    claim = one.take("a file")
    assert claim is not None
    assert other.take("a file") is None
    assert other.take("another file") is not None
    claim.release()
    claim.release()
    assert other.take("a file") is not None
    assert one.take("a file") is None


def test_nobody_takes_a_claim_twice(tmp_path: Path) -> None:
    """The system would not mind: to it, both are the same process's."""
    claims = Claims(tmp_path)
    claim = claims.take("a file")
    assert claims.take("a file") is None
    assert claim is not None
    claim.release()
    assert claims.take("a file") is not None


def test_closing_lets_go_of_all_and_a_late_release_harms_nobody(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    claim = one.take("a file")
    one.close()
    one.close()
    assert other.take("a file") is not None
    assert claim is not None
    claim.release()
    assert Claims(tmp_path).take("a file") is None
    with pytest.raises(StorageError):
        one.take("a third file")


def test_a_killed_process_holds_nothing_and_leaves_an_empty_file(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pyproxy.storage.claims import Claims\n"
        "claim = Claims(Path(sys.argv[1])).take('a file')\n"
        "print(claim is not None, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        assert Claims(tmp_path).take("a file") is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert Claims(tmp_path).take("a file") is not None
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("transfers.lock", 0)]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "transfers.lock").mkdir()
    with pytest.raises(StorageError, match=r"cannot open .*transfers\.lock"):
        Claims(tmp_path)
