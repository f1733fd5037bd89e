"""The town hall's steps. Other roles do them in its place through the same scope."""

from copy import copy
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from conventions.authority import (
    can_record_act_dates,
    record_act_dates,
)
from conventions.dossiers.outdating import review
from conventions.dossiers.parts import parts_of
from conventions.lifecycle import COLLECTIVITY_SIGNED, TRANSITIONS, State
from conventions.models import (
    Convention,
    Dossier,
    Piece,
    can_receive_pieces,
    can_withdraw,
    withdraw,
)
from town_hall.forms.acts import ActDatesForm
from town_hall.forms.files import (
    ChangedRepresentativeForm,
    PieceForm,
    SignatureForm,
    WithdrawalForm,
)
from town_hall.views.act import ActFormView, DraftDropView
from town_hall.views.form import FileFormView
from town_hall.views.verify import print_page


class Representative(FileFormView):
    """After its convention was signed, a collectivity elects somebody else."""

    form_class = ChangedRepresentativeForm
    title = "Changer de représentant"
    intro = (
        "Après une élection ou une démission, dites qui représente la collectivité, et depuis "
        "quand. Les documents qui restent à signer porteront son nom ; ce qui est signé ne change "
        "pas."
    )
    done = "Le représentant de la collectivité est enregistré."

    def is_possible(self) -> bool:
        return self.convention.state in (*COLLECTIVITY_SIGNED, State.SIGNED_BY_REGION)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": copy(self.convention.collectivity)}

    def perform(self, form: ChangedRepresentativeForm) -> None:
        self.convention.collectivity = form.save()
        review(Convention.objects.filter(collectivity=self.convention.collectivity))


class ActPage(ActFormView):
    drop_page = "convention_act_drop"
    title = "Préparer l'acte"
    submit = "Enregistrer et produire les PDF"
    done = "L'acte est enregistré."
    printed = "Les PDF sont prêts."

    @property
    def intro(self) -> str:  # type: ignore[override]
        who = self.convention.collectivity
        return (
            f"Votre collectivité autorise la signature par une décision du {who.executive} (sur "
            f"délégation du {who.council}) ou par une délibération du {who.council}. Les deux se "
            "valent. Le projet est produit dès que vous avez choisi ; donnez le numéro et la date "
            "une fois l'acte pris."
        )

    def next_page(self, issued: list[Piece]) -> str:
        return print_page(self.convention) if issued else super().next_page(issued)


class DropDraft(DraftDropView):
    intro = (
        "Le projet de l'acte, sa séance et son texte adapté seront abandonnés ; ce qui en a été "
        "imprimé reste au dossier. Vous pourrez en préparer un autre."
    )


class ActDates(FileFormView):
    form_class = ActDatesForm
    template_name = "town_hall/act_dates.html"
    title = "Dépôt, publication et communication de l'acte"
    intro = (
        "Enregistrez les dates au fur et à mesure. L'acte est exécutoire quand il est déposé en "
        "préfecture et publié."
    )
    done = "Les dates sont enregistrées."

    def is_possible(self) -> bool:
        return can_record_act_dates(self.convention)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": copy(self.convention.act)}

    def perform(self, form: ActDatesForm) -> None:
        record_act_dates(self.convention, by=self.user, **form.date_values)
        self.hand_in({Piece.Kind.DEPOSIT_RECEIPT: form.cleaned_data["deposit_receipt"]})


class Signature(FileFormView):
    form_class = SignatureForm
    title = "Enregistrer la signature de la convention"
    intro = "Donnez la date à laquelle votre représentant a signé la convention."
    done = "La signature de votre collectivité est enregistrée."

    def is_possible(self) -> bool:
        sources = TRANSITIONS["sign_for_collectivity"].targets
        return self.convention.state in sources and self.convention.adopted_act is not None

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"on": self.convention.collectivity_signed_on}

    def perform(self, form: SignatureForm) -> None:
        # The copies first: a signature rests on the paper.
        copies = (Piece.Kind.CONVENTION_SIGNED, Piece.Kind.ACT_SIGNED)
        self.hand_in({kind: form.cleaned_data[kind] for kind in copies})
        self.convention.sign_for_collectivity(by=self.user, on=form.cleaned_data["on"])


class AddPiece(FileFormView):
    form_class = PieceForm
    title = "Joindre une pièce"
    intro = "La pièce est gardée telle quelle. Une nouvelle copie s'ajoute aux précédentes."
    submit = "Joindre"
    done = "La pièce est jointe au dossier."

    def is_possible(self) -> bool:
        return can_receive_pieces(self.convention)

    def perform(self, form: PieceForm) -> None:
        self.hand_in({form.cleaned_data["kind"]: form.cleaned_data["file"]})


class WithdrawPiece(FileFormView):
    """Takes back a file sent by mistake: asked for a reason, kept, struck out."""

    form_class = WithdrawalForm
    intro = (
        "Elle reste au dossier, barrée, avec votre motif, et ne compte plus. Vous pourrez en "
        "joindre une autre."
    )
    submit = "Retirer la pièce"
    done = "La pièce est retirée."

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.piece = get_object_or_404(self.convention.pieces.all(), pk=kwargs["pk"])
        self.title = f"Retirer : {self.piece}"

    @property
    def subject(self) -> Dossier:
        return next(p for p in parts_of(self.convention) if p.part == self.piece.part)

    def is_possible(self) -> bool:
        return can_withdraw(self.subject, self.piece)

    def perform(self, form: WithdrawalForm) -> None:
        withdraw(self.subject, self.piece, by=self.user, reason=form.cleaned_data["reason"])
