"""A campaign as it is typed."""

from collections import defaultdict
from typing import Any

from django import forms
from django.db.models import Q

from conventions.campaigns.coming import TEXTS
from documents.models import TextModel


class CampaignForm(forms.ModelForm):
    """A campaign, whose texts are read once: those to choose from, and those it has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = {getattr(self.instance, f"{name}_id"): name for name in TEXTS}
        kinds = [kind for name, kind in TEXTS.items() if name in self.fields]
        texts = TextModel.objects.published().filter(Q(kind__in=kinds) | Q(pk__in=chosen))
        offered: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for text in texts:
            # Titles are long: what tells the versions apart comes first.
            offered[text.kind].append((text.pk, f"Version {text.version} – {text.title}"))
            if name := chosen.get(text.pk):
                setattr(self.instance, name, text)
        for name, kind in TEXTS.items():
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                field.choices = [("", field.empty_label), *offered[kind]]
