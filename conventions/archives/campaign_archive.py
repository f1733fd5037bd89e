"""A closed campaign as a folder that outlives the site: facts, journal and files, with hashes.

The folder is a "bag" (BagIt 1.0, RFC 8493), which `sha256sum` checks and any archivist's tool
opens: `data/campagne.json`, `data/dossiers/<code>_<reference>_<key>.json`, one a file, and
`data/fichiers/ab/abcd….pdf` (`.jpg` for a letterhead), each content once, by its SHA-256.
Written row by row and chunk by chunk: memory does not grow with the campaign.
"""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import FileField, Model, Q
from django.utils import timezone

from conventions.campaigns.models import Campaign
from conventions.models import Convention
from documents.models import Document, Signature, TextModel
from lifecycle.models import JournalEntry
from operations import safes
from typography.counting import counted

FORMAT = "conventions-ent-ecole, campagne, 1"
LOST = "manquants.txt"
_CAMPAIGN = "campagne.json"
_MANIFEST = "manifest-sha256.txt"
_TAG_MANIFEST = "tagmanifest-sha256.txt"
# What refers to a file and is no part of it: work under way, links that open it.
_ASIDE = frozenset({"jobs", "piles", "links", "django_q"})
_ASIDE_MODELS = frozenset({"outbox.personallink"})
# What a file refers to and is told with it.
_TAKEN_ALONG = frozenset({"acts", "documents", "outbox"})


Pulse = Callable[[], None]


def _quiet() -> None:
    """Nobody asks how far it is."""


class NotArchived(Exception):
    """Why a campaign cannot be archived (French)."""


def refusal_of(campaign: Campaign) -> str:
    """Return why no archive is made of a campaign (French), "" where one is."""
    if not campaign.is_over:
        return f"La campagne {campaign.school_year} n’est pas close : clôturez-la d’abord."
    if campaign.transferred_on:
        return (
            f"La campagne {campaign.school_year} a été transférée aux archives le "
            f"{campaign.transferred_on:%d/%m/%Y} : l’archive d’avant est la seule entière."
        )
    return ""


def write(campaign: Campaign, folder: Path, *, pulse: Pulse = _quiet) -> tuple[Path, list[str]]:
    """Write the archive of a closed campaign in `folder`; return where, and what was lost.

    The folder has its name once all is in it. What the storage has lost, or no longer holds as
    it was, is listed in the archive (`data/manquants.txt`) and returned. What earlier ones left
    half-way is deleted. `pulse` is called after each file of the campaign; what it raises stops
    all. Raises NotArchived, Closed, OSError.
    """
    if refusal := refusal_of(campaign):
        raise NotArchived(refusal)
    day = timezone.localdate()
    whole = folder / f"campagne-{campaign.school_year}_{day.isoformat()}"
    if whole.exists():
        raise NotArchived(f"{whole} existe déjà : déplacez cette archive, ou attendez demain.")
    folder.mkdir(parents=True, exist_ok=True)
    with safes.alone(folder):
        for left in folder.glob("campagne-*.part"):
            shutil.rmtree(left)
        part = whole.with_name(f"{whole.name}.part")
        part.mkdir(mode=0o700)
        bag = _fill(campaign, part, pulse)
        part.rename(whole)
    return whole, bag.lost


def _fill(campaign: Campaign, part: Path, pulse: Pulse) -> "_Bag":
    with (part / _MANIFEST).open("w", encoding="utf-8") as manifest:
        bag = _Bag(part, manifest)
        bag.add_json(_CAMPAIGN, _campaign_facts(campaign))
        conventions = campaign.conventions.select_related("collectivity").order_by("pk")
        for convention in conventions.iterator(chunk_size=100):
            bag.add_file(convention)
            pulse()
        if bag.lost:
            bag.add(LOST, io.BytesIO("\n".join([*bag.lost, ""]).encode()))
    bag.close(campaign)
    return bag


def verify(archive: Path, *, pulse: Pulse = _quiet) -> list[str]:
    """Return what is wrong with an archive (French): nothing when every hash is as it was.

    `pulse` is called after each hash.
    """
    manifests = [archive / _MANIFEST, archive / _TAG_MANIFEST]
    if not all(path.is_file() for path in manifests):
        return [f"{archive} n’est pas une archive entière."]
    faults, named = [], set()
    for path in manifests:
        for line in path.read_text(encoding="utf-8").splitlines():
            pulse()
            digest, _, name = line.partition("  ")
            named.add(name)
            if not (archive / name).is_file():
                faults.append(f"Il manque {name}.")
            elif _digest(archive / name) != digest:
                faults.append(f"{name} n’est plus ce qu’il était.")
    data = archive / "data"
    there = (
        path.relative_to(archive).as_posix() for path in sorted(data.rglob("*")) if path.is_file()
    )
    faults += [f"{name} a été ajouté." for name in there if name not in named]
    if (data / LOST).exists():
        lost = (data / LOST).read_text(encoding="utf-8").splitlines()
        faults.append(
            f"Le site avait déjà perdu {counted(len(lost), 'fichier')} : {', '.join(lost[:3])}."
        )
    return faults


def digest(archive: Path) -> str:
    """Return the SHA-256 that answers for all of an archive: that of its list of lists."""
    return _digest(archive / _TAG_MANIFEST)


def holds(archive: Path, sha256: str) -> bool:
    """Tell whether an archive, verified before, has the PDF of that SHA-256."""
    return (archive / "data" / _place(sha256, ".pdf")).is_file()


def differences(campaign: Campaign, archive: Path) -> list[str]:
    """Return how an archive, verified before, differs from the campaign as it is (French).

    Nothing when each row of each file is the one that would be written now: it was made after
    the last change.
    """
    told = _read(archive / "data" / _CAMPAIGN)
    if told != _read_back(_campaign_facts(campaign)):
        if told.get("campaign") != campaign.school_year:
            return [f"{archive} n’est pas une archive de la campagne {campaign.school_year}."]
        return [f"La campagne {campaign.school_year} a changé depuis que l’archive a été faite."]
    changed, there = [], set()
    conventions = campaign.conventions.select_related("collectivity").order_by("pk")
    for convention in conventions.iterator(chunk_size=100):
        there.add(name := _file_name(convention))
        rows = _read_back({"rows": serializers.serialize("python", _rows_of(convention))})
        path = archive / "data" / name
        if not path.is_file() or _read(path)["rows"] != rows["rows"]:
            changed.append(f"Le dossier {convention} a changé depuis que l’archive a été faite.")
    gone = {f"dossiers/{path.name}" for path in (archive / "data/dossiers").glob("*")} - there
    return changed + [f"{name} n’est plus un dossier du site." for name in sorted(gone)]


class _Bag:
    """An archive as it is written; `lost` are the files that could not be put in."""

    def __init__(self, folder: Path, manifest: IO[str]) -> None:
        self.folder, self.manifest = folder, manifest
        self.lost: list[str] = []
        self.size = self.count = 0

    def add_json(self, name: str, facts: dict[str, Any]) -> None:
        self.add(name, io.BytesIO(f"{_in_json(facts)}\n".encode()))

    def add(self, name: str, content: IO[bytes], *, suffix: str = "", expected: str = "") -> str:
        """Put a content in, under `name` or else by its hash, with `suffix`; return its path.

        The same one is put in once. Raises ValueError where its SHA-256 is not `expected`.
        """
        aside = self.folder / "new"
        digest, size = _copy(content, aside)
        if expected and digest != expected:
            raise ValueError(f"SHA-256 {digest}")
        place = f"data/{name or _place(digest, suffix)}"
        target = self.folder / place
        if target.exists():
            aside.unlink()
            return place
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.rename(target)
        self.manifest.write(f"{digest}  {place}\n")
        self.size, self.count = self.size + size, self.count + 1
        return place

    def add_file(self, convention: Convention) -> None:
        """Put in the facts of one file, and the files that they name."""
        rows = _rows_of(convention)
        facts = {
            "reference": convention.reference,
            "collectivity": convention.collectivity_title,
            "code": convention.collectivity.code,
            "files": [each for row in rows for each in self._add_files(row)],
            "rows": serializers.serialize("python", rows),
        }
        self.add_json(_file_name(convention), facts)

    def _add_files(self, row: Model) -> Iterator[dict[str, str]]:
        for field in row._meta.concrete_fields:
            stored = getattr(row, field.name) if isinstance(field, FileField) else None
            if not stored:
                continue
            suffix, expected = Path(stored.name).suffix, getattr(row, "sha256", "")
            try:
                with stored.open("rb") as content:
                    place = self.add("", content, suffix=suffix, expected=expected)
            except (FileNotFoundError, ValueError) as error:
                self.lost.append(stored.name)
                yield {"row": _name(row), "lost": stored.name, "why": type(error).__name__}
            else:
                yield {"row": _name(row), "path": place}

    def close(self, campaign: Campaign) -> None:
        """Write what the bag says of itself."""
        said = {
            "Bagging-Date": timezone.localdate().isoformat(),
            "Source-Organization": campaign.region.name,
            "External-Description": f"Conventions ENT-École, campagne {campaign.school_year}",
            "Internal-Sender-Identifier": FORMAT,
            "Payload-Oxum": f"{self.size}.{self.count}",
        }
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in said.items()),
        }
        for name, text in tags.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        lines = [f"{_digest(self.folder / name)}  {name}\n" for name in (*tags, _MANIFEST)]
        (self.folder / _TAG_MANIFEST).write_text("".join(lines), encoding="utf-8")


# --- Which rows ----------------------------------------------------------------
def _campaign_facts(campaign: Campaign) -> dict[str, Any]:
    """Return the campaign itself, its texts, and the journal that is of no file."""
    texts = TextModel.objects.filter(
        pk__in=[
            getattr(campaign, field.attname)
            for field in campaign._meta.concrete_fields
            if field.related_model is TextModel
        ]
    )
    journal = JournalEntry.objects.filter(campaign=campaign, convention=None)
    rows = [campaign, *texts.order_by("pk"), *journal.order_by("pk")]
    return {
        "format": FORMAT,
        "campaign": campaign.school_year,
        "rows": serializers.serialize("python", rows),
    }


def _rows_of(convention: Convention) -> list[Model]:
    """Return all that the database knows of one file: what refers to it, and what that rests on.

    Found, not listed: a table that refers to a convention is covered on its first day.
    """
    found: dict[str, Model] = {_name(convention): convention}
    waiting: list[Model] = [convention]
    while waiting:
        new = [row for row in _referring(waiting) if _name(row) not in found]
        found |= {_name(row): row for row in new}
        waiting = new
    waiting = list(found.values())
    while waiting:
        new = [row for row in _rested_on(waiting) if _name(row) not in found]
        found |= {_name(row): row for row in new}
        waiting = new
    documents = [row.pk for row in found.values() if isinstance(row, Document)]
    signatures = Signature.objects.filter(document__in=documents).order_by("pk")
    return sorted([*found.values(), *signatures], key=lambda row: (row._meta.label, row.pk))


def _referring(rows: list[Model]) -> Iterator[Model]:
    """Yield the rows of any table that refer to these, all of one or more tables."""
    for model, keys in _keys(rows):
        for other in apps.get_models():
            if other is Convention or _is_aside(other):
                continue
            names = [
                field.name
                for field in other._meta.concrete_fields
                if field.is_relation and field.related_model is model
            ]
            if names:
                refers = Q(*((f"{name}__in", keys) for name in names), _connector=Q.OR)
                yield from other._base_manager.filter(refers).order_by("pk")


def _rested_on(rows: Iterable[Model]) -> Iterator[Model]:
    """Yield the acts, documents and e-mails that these rows refer to."""
    for row in rows:
        for field in row._meta.concrete_fields:
            model: Any = field.related_model
            if field.is_relation and model._meta.app_label in _TAKEN_ALONG:
                if model is not TextModel and (other := getattr(row, field.name)):
                    yield other


def _keys(rows: list[Model]) -> Iterator[tuple[type[Model], list[Any]]]:
    models = dict.fromkeys(type(row) for row in rows)
    for model in models:
        yield model, [row.pk for row in rows if type(row) is model]


def _is_aside(model: type[Model]) -> bool:
    return model._meta.app_label in _ASIDE or model._meta.label_lower in _ASIDE_MODELS


def _name(row: Model) -> str:
    return f"{row._meta.label}:{row.pk}"


# --- Files -----------------------------------------------------------------------
def _file_name(convention: Convention) -> str:
    name = f"{convention.collectivity.code}_{convention.reference}_{convention.pk}"
    return f"dossiers/{name}.json"


def _place(digest: str, suffix: str) -> str:
    return f"fichiers/{digest[:2]}/{digest}{suffix}"


def _in_json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def _read_back(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts as an archive gives them back."""
    read: dict[str, Any] = json.loads(_in_json(facts))
    return read


def _copy(content: IO[bytes], target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as sink:
        for chunk in safes.chunks(content):
            digest.update(chunk)
            size += len(chunk)
            sink.write(chunk)
    return digest.hexdigest(), size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
