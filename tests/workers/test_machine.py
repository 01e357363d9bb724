"""What the machine lacks is one sentence before anything starts."""

import os
import shutil
from collections import namedtuple

import pytest

from service.errors import ConfigurationError
from workers.machine import alone, check_disk


def test_a_data_folder_is_made_for_its_owner_alone(tmp_path):
    with alone(tmp_path / "a" / "data"):
        assert (tmp_path / "a" / "data").stat().st_mode & 0o777 == 0o700


def test_two_can_not_hold_one_folder(tmp_path):
    with alone(tmp_path):
        with pytest.raises(ConfigurationError, match="Another `heed up` runs"):
            with alone(tmp_path):
                pass
    with alone(tmp_path):
        pass


def test_a_file_in_its_place_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="HEED_DATA_DIR"):
        with alone(tmp_path / "data"):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="HEED_DATA_DIR"):
        with alone(tmp_path / "data"):
            pass


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    check_disk(tmp_path)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(ConfigurationError, match="1 MB are free"):
        check_disk(tmp_path)
