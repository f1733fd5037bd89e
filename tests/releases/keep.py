"""Keep the version of pyproject.toml: what `script/release` runs, on both databases."""

import tomllib

import pytest

from tests.releases import stored
from tests.temporary_database import temporary_database


@pytest.mark.django_db  # On each database.
def test_the_version_is_kept(migrated, tmp_path):
    project = tomllib.loads((stored.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert f"## {version} " in (stored.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (stored.FOLDER / version).mkdir(exist_ok=True)
    with temporary_database(tmp_path, copy_of=migrated) as url:
        stored.manage(url, tmp_path, "demo")
        stored.dump(url, version)
    stored.write_manifest(version)
