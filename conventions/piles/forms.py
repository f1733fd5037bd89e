"""What an agent decides of a pile: sheaf by sheaf, and once for all those of a screen."""

import datetime
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import capfirst

from accounts.models import User
from conventions.acts.models import Act
from conventions.dossiers.parts import part_of
from conventions.dossiers.print_run import TO_SIGN
from conventions.models import Dossier, Piece, SignedByBoth
from conventions.piles import reading
from conventions.piles.models import Sheaf
from conventions.piles.paper import SIGNED_COPIES, Paper, awaits_signature
from documents.received.form_fields import PdfField
from documents.received.uploads import Piles, UploadedPdf, read_piles
from lifecycle.plausible import DateInput

_DAY = {"invalid": "Indiquez une date, par exemple 10/10/2022."}


class PilesField(PdfField):
    def read(self, files: Sequence[UploadedFile]) -> Piles:
        return read_piles(files)


class PileForm(forms.Form):
    papers = PilesField(
        label="Fichiers",
        help_text="Un ou plusieurs PDF sortis du numériseur (200 Mo en tout, 1 000 pages chacun), "
        "ou des photographies des pages (JPEG, PNG, HEIC).",
        error_messages={"required": "Choisissez au moins un fichier."},
    )


class OnceForAllForm(forms.Form):
    """What is the same on every paper of a screen, typed once."""

    prefix = "all"

    signed_on = forms.DateField(
        label="Date de signature",
        required=False,
        widget=DateInput,
        error_messages=_DAY,
        help_text="Pour les conventions et avenants signés de cet écran qui n'en portent pas "
        "d'autre plus bas. Laissez vide pour ne joindre que les copies.",
    )
    use_act_day = forms.BooleanField(
        label="Sans autre date, celle de l'acte quand elle est connue", required=False
    )
    act_kind = forms.ChoiceField(
        label="Nature des actes", choices=Act.Kind, required=False, initial=Act.Kind.DECISION
    )


class SheafForm(forms.Form):
    """What becomes of a sheaf. The file it goes to is found in the agent's territory."""

    class Decision:
        ATTACH, WAIT, SPLIT, DISCARD = "attach", "wait", "split", "discard"

    decision = forms.ChoiceField(
        label="Décision",
        widget=forms.RadioSelect,
        choices=[
            (Decision.ATTACH, "Joindre au dossier"),
            (Decision.WAIT, "Laisser en attente"),
            (Decision.SPLIT, "Séparer en deux documents"),
            (Decision.DISCARD, "Écarter : ce n'est pas un document à joindre"),
        ],
    )
    reference = forms.CharField(
        label="Référence",
        required=False,
        max_length=100,
        help_text="Celle du document, imprimée près du code QR, ou celle de la convention.",
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(
        label="Nature",
        required=False,
        choices=[
            ("", "D'après la référence du document"),
            *((kind.value, capfirst(kind.label)) for kind in Piece.RECEIVED),
        ],
    )
    split_at = forms.IntegerField(
        label="Première page du second document", required=False, min_value=1
    )

    signed_on = forms.DateField(
        label="Signée par la collectivité le", required=False, widget=DateInput, error_messages=_DAY
    )
    act_number = forms.CharField(label="Numéro de l'acte", required=False, max_length=50)
    act_dated_on = forms.DateField(
        label="Date de l'acte", required=False, widget=DateInput, error_messages=_DAY
    )

    def __init__(
        self,
        *args: Any,
        sheaf: Sheaf,
        user: User,
        unreadable: Collection[int] = (),
        once_for_all: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """`unreadable` are the numbers of the pages of its pile that nothing could be read of."""
        self.sheaf, self.user, self.has_signed = sheaf, user, False
        self.copy: UploadedPdf | None = None
        self.unreadable = [number for number, _ in sheaf.pages if number in unreadable]
        self.once_for_all = once_for_all or {}
        self.expected = part_of(sheaf.issued) if sheaf.issued else None
        # A document of another length may hide the first page of the next one; a page of which
        # nothing was read may be of anybody.
        is_sure = sheaf.issued and not sheaf.has_other_length and not self.unreadable
        kwargs["prefix"] = f"sheaf-{sheaf.pk}"
        kwargs["initial"] = {
            "decision": self.Decision.ATTACH if is_sure else self.Decision.WAIT,
            "reference": self._first_guess(),
        }
        super().__init__(*args, **kwargs)
        self.candidates = [(ref, reading.find_issued(ref, user)) for ref in sheaf.candidates]
        if self.candidates:
            self.fields["reference"].widget.attrs["list"] = f"sheaf-{sheaf.pk}-candidates"
        if len(sheaf.pages) == 1:
            del self.fields["split_at"]
            decision: Any = self.fields["decision"]
            decision.choices = [c for c in decision.choices if c[0] != self.Decision.SPLIT]

    @property
    def file(self) -> int | None:
        """The key of the file that its reference names as it was sent; None for none."""
        reference = self["reference"].value() or ""
        if issued := reading.find_issued(reference, self.user):
            return issued.convention_id
        found = reading.find_convention(reference, self.user)
        return found.pk if found else None

    @property
    def records_signature(self) -> bool:
        """Tell whether the paper is what the collectivity signs, and not recorded as signed."""
        is_paper = self.sheaf.issued is None or self.sheaf.issued.kind in TO_SIGN
        return is_paper and (self.expected is None or awaits_signature(self.expected))

    @property
    def asks_for_act(self) -> bool:
        """Tell whether number and date of the act are still to be read on the paper."""
        expected = self.expected
        return not (isinstance(expected, SignedByBoth) and expected.adopted_act)

    @property
    def act_day(self) -> datetime.date | None:
        """The day of the act, when it is known: mostly that of the signature too."""
        expected = self.expected
        act = expected.adopted_act if isinstance(expected, SignedByBoth) else None
        return act.dated_on if act else None

    def _day(self) -> datetime.date | None:
        """The day of the signature: typed here, typed for all, or that of the act if wanted."""
        typed: datetime.date | None = self.cleaned_data.get("signed_on")
        day = typed or self.once_for_all.get("signed_on")
        if day or not self.once_for_all.get("use_act_day"):
            return day
        return self.cleaned_data.get("act_dated_on") or self.act_day

    def _first_guess(self) -> str:
        if self.sheaf.candidates:
            return ""
        return self.sheaf.issued.document.reference if self.sheaf.issued else self.sheaf.reference

    def clean(self) -> None:
        super().clean()
        decision = self.cleaned_data.get("decision")
        if decision == self.Decision.ATTACH:
            self._find_target()
        if self._tells_act and not self._day():
            self.add_error("signed_on", "Indiquez aussi la date de signature de la convention.")
        if decision == self.Decision.SPLIT and not self.cleaned_data.get("split_at"):
            self.add_error("split_at", "Indiquez la page où commence le second document.")

    def _find_target(self) -> None:
        reference = self.cleaned_data.get("reference", "")
        kind = self.cleaned_data.get("kind", "")
        if not reference:
            self.add_error("reference", "Indiquez la référence du document ou de la convention.")
        elif issued := reading.find_issued(reference, self.user):
            self.target = part_of(issued)
            self.target_kind = kind or reading.RECEIVED_AS.get(issued.kind, Piece.Kind.OTHER)
        elif convention := reading.find_convention(reference, self.user):
            self.target, self.target_kind = convention, kind
            if not kind:
                self.add_error("kind", "Choisissez la nature de la pièce.")
        else:
            self.add_error(
                "reference", "Aucun document de votre territoire ne porte cette référence."
            )

    def _paper(self) -> Paper | None:
        """What the copy says, when it is one of what both sign; None when nothing is recorded."""
        typed = self.cleaned_data
        day = self._day()
        if not day or self.target_kind not in SIGNED_COPIES or not awaits_signature(self.target):
            return None
        act = {}
        if self._tells_act:
            act = {
                "kind": self._act_kind(self.target),
                "number": typed.get("act_number", ""),
                "dated_on": typed.get("act_dated_on"),
            }
        return Paper(day, act)

    @property
    def _tells_act(self) -> bool:
        return bool(self.cleaned_data.get("act_number") or self.cleaned_data.get("act_dated_on"))

    def _act_kind(self, target: Dossier) -> str:
        """That of the draft, or the one that was typed for all."""
        drafted = target.act if isinstance(target, SignedByBoth) else None
        return drafted.kind if drafted else self.once_for_all.get("act_kind") or Act.Kind.DECISION

    def take_out(self) -> None:
        """Take the pages out of their pile, before the rows of a file are held; a refusal waits."""
        if self["decision"].value() == self.Decision.ATTACH:
            with suppress(ValidationError):
                self.copy = self.sheaf.take_out()

    def perform(self) -> str:
        """Do what was decided, and return it."""
        decision = self.cleaned_data["decision"]
        if decision == self.Decision.ATTACH:
            paper = self._paper()
            self.sheaf.attach(
                to=self.target,
                kind=self.target_kind,
                by=self.user,
                paper=paper,
                copy=self.copy,
            )
            self.has_signed = paper is not None
        elif decision == self.Decision.DISCARD:
            self.sheaf.discard(by=self.user)
        elif decision == self.Decision.SPLIT:
            self.sheaf.split(self.cleaned_data["split_at"])
        return decision

    def refuse(self, refusal: ValidationError) -> None:
        """Show why the decision was not followed, at its field where it has one."""
        names = {"on": "signed_on", "number": "act_number", "dated_on": "act_dated_on"}
        errors = getattr(refusal, "error_dict", {None: refusal.messages})
        for field, reasons in errors.items():
            name = names.get(field, field)
            self.add_error(name if name in self.fields else None, reasons)
