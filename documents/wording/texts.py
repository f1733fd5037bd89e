"""A text as one Markdown file with a header, and the texts shipped with the product.

---
nature: convention
titre: Convention de partenariat…
version: 3
---

## Article 1 – Objet
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import transaction

from documents.models import TextModel
from documents.wording.kinds import Kind
from documents.wording.proofreading import tidy
from documents.wording.sections import split_sections

TEXTS_DIR = Path(__file__).parent / "defaults"
_FENCE = "---"
_KEYS = ("nature", "titre", "version")


class UnreadableText(ValueError):
    """The file's header does not say what it is; the message (French) says what to do."""


@dataclass(frozen=True)
class TextFile:
    """A text read from a file; `header` is the number of lines before its body."""

    kind: Kind
    title: str
    body: str
    header: int


def write_file(text: TextModel) -> str:
    """Return a text as a file; `read_file` gives back the same nature, title and body."""
    header = f"nature: {text.kind}\ntitre: {text.title}\nversion: {text.version}\n"
    return f"{_FENCE}\n{header}{_FENCE}\n\n{text.body}"


def file_name(text: TextModel) -> str:
    return f"{text.kind}_version-{text.version}.md"


def read_file(content: str) -> TextFile:
    """Read a file made by `write_file`, or by hand; its version is not taken.

    Raises UnreadableText, with the line at fault, when the header is not one.
    """
    lines = content.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].strip() != _FENCE:
        raise UnreadableText(
            "Ligne 1 : le fichier commence par un en-tête : une ligne « --- », « nature: … », "
            "« titre: … », puis une ligne « --- »."
        )
    end = next((n for n, line in enumerate(lines[1:10], 1) if line.strip() == _FENCE), None)
    if end is None:
        raise UnreadableText("Fermez l'en-tête par une ligne « --- », avant le texte.")
    values = _header_values(lines[1:end])
    start = next((n for n, line in enumerate(lines[end + 1 :], end + 1) if line.strip()), end + 1)
    return TextFile(
        kind=_kind(values["nature"]),
        title=values["titre"],
        body=tidy("\n".join(lines[start:])),
        header=start,
    )


def _header_values(lines: Sequence[str]) -> dict[str, str]:
    values = {}
    for number, line in enumerate(lines, 2):
        key, colon, value = line.partition(":")
        key = key.strip().lower()
        if not colon or key not in _KEYS:
            raise UnreadableText(
                f"Ligne {number} : l'en-tête a des lignes « nature: … », « titre: … » et, si vous "
                "voulez, « version: … »."
            )
        values[key] = value.strip()
    for key in ("nature", "titre"):
        if not values.get(key):
            raise UnreadableText(f"L'en-tête ne dit pas « {key} » : ajoutez la ligne « {key}: … ».")
    return values


def _kind(name: str) -> Kind:
    by_name = {kind.value: kind for kind in Kind} | {kind.label: kind for kind in Kind}
    if name not in by_name:
        known = ", ".join(Kind.values)
        raise UnreadableText(f"La nature « {name[:60]} » n'existe pas. Natures : {known}.")
    return by_name[name]


def read_text(path: Path) -> tuple[str, str]:
    """Return the title and the body of a shipped text."""
    file = read_file(path.read_text(encoding="utf-8"))
    return file.title, file.body


@cache
def standard_sections(kind: str) -> dict[str, str]:
    """Return the sections of the shipped text, which texts without their own print."""
    return split_sections(read_text(TEXTS_DIR / f"{kind}.md")[1])


@transaction.atomic
def load_texts(folder: Path = TEXTS_DIR) -> dict[str, TextModel]:
    """Return the shipped text of every kind, by kind, adding a version where a file changed.

    They come published. A version that exists is never touched: a file whose title and
    body are already published, as any version, adds nothing.
    """
    texts = {}
    for kind in Kind:
        title, body = read_text(folder / f"{kind}.md")
        published = TextModel.objects.published().filter(kind=kind)
        texts[kind.value] = published.filter(title=title, body=body).first() or _publish_shipped(
            kind, title, body
        )
    return texts


def _publish_shipped(kind: str, title: str, body: str) -> TextModel:
    text = TextModel.draft(kind=kind, title=title, body=body)
    text.publish(by=None)
    return text


def newest_text(kind: str) -> TextModel:
    """Return the newest published version of a kind, loading the shipped texts if none is."""
    published = TextModel.objects.published().filter(kind=kind)
    return published.order_by("-version").first() or load_texts()[kind]
