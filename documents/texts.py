"""The texts shipped with the product, and their way into the database."""

from pathlib import Path

from django.db import transaction

from documents.markup import used_fields
from documents.models import TextModel

TEXTS_DIR = Path(__file__).parent / "texts"


def read_text(path: Path) -> tuple[str, str]:
    """Return the title and the body of a text file: "Titre : …", a blank line, Markdown."""
    header, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    label, _, title = header.partition(":")
    if label.strip() != "Titre" or not title.strip():
        raise ValueError(f"{path.name}: the first line must be « Titre : … »")
    return title.strip(), body.strip() + "\n"


@transaction.atomic
def load_texts(folder: Path = TEXTS_DIR) -> dict[str, TextModel]:
    """Return the current text of every kind, by kind, adding a version where a file changed.

    A version that exists is never touched: a file whose title and body are already
    kept, as any version, adds nothing.
    """
    texts = {}
    for kind in TextModel.Kind:
        title, body = read_text(folder / f"{kind}.md")
        versions = TextModel.objects.filter(kind=kind)
        text = versions.filter(title=title, body=body).first()
        if text is None:
            used_fields(kind, body)
            last = versions.order_by("-version").first()
            text = TextModel.objects.create(
                kind=kind, version=last.version + 1 if last else 1, title=title, body=body
            )
        texts[kind.value] = text
    return texts


def newest_text(kind: str) -> TextModel:
    """Return the newest version of a kind, loading the shipped texts if there is none."""
    newest = TextModel.objects.filter(kind=kind).order_by("-version").first()
    return newest or load_texts()[kind]
