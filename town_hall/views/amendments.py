"""The town hall's side of an avenant: its own act if it wants one, signature, dates, copies."""

from copy import copy
from typing import Any

from django.http import Http404, HttpRequest

from conventions.amendments.lifecycle import AMENDMENT_TRANSITIONS
from conventions.authority import (
    can_record_act_dates,
    record_act_dates,
)
from conventions.dossiers.parts import amendment_sent
from conventions.models import Piece, SignedByBoth, can_receive_pieces
from town_hall.forms.acts import ActDatesForm
from town_hall.forms.files import AmendmentPieceForm, AmendmentSignatureForm
from town_hall.views.act import ActFormView, DraftDropView
from town_hall.views.form import FileFormView
from town_hall.views.own_act import OwnActPage


class AmendmentFormView(FileFormView):
    """A form about one avenant of the file, found in scope: once it was sent, for a town hall."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        amendment = amendment_sent(self.convention, kwargs["number"])
        if amendment is None:
            raise Http404
        self.amendment = amendment

    @property
    def subject(self) -> SignedByBoth:
        return self.amendment

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = f"{self.title} n° {self.amendment.number}"
        return super().get_context_data(**kwargs) | {"title": title}


class AmendmentActPage(ActFormView, AmendmentFormView):
    drop_page = "amendment_act_drop"
    title = "Préparer l'acte de l'avenant"
    intro = (
        "Selon les pouvoirs donnés à votre représentant, l'avenant se signe avec un nouvel acte "
        "ou sans. Si vous en prenez un, son projet est produit dès que vous avez choisi sa nature ; "
        "donnez son numéro et sa date une fois l'acte pris."
    )
    submit = "Enregistrer et produire le PDF"
    done = "L'acte de l'avenant est enregistré."
    printed = "Le PDF est prêt."


class DropAmendmentDraft(DraftDropView, AmendmentFormView):
    intro = (
        "Le projet de l'acte, sa séance et son texte adapté seront abandonnés ; ce qui en a été "
        "imprimé reste au dossier. Vous pourrez signer l'avenant sans acte, ou en préparer un autre."
    )


class OwnAmendmentAct(OwnActPage, AmendmentFormView):
    title = "Adapter l'acte de l'avenant"


class AmendmentActDates(AmendmentFormView):
    form_class = ActDatesForm
    template_name = "town_hall/act_dates.html"
    title = "Dépôt et publication de l'acte de l'avenant"
    intro = (
        "Enregistrez les dates au fur et à mesure. L'acte est exécutoire quand il est déposé en "
        "préfecture et publié."
    )
    done = "Les dates sont enregistrées."

    def is_possible(self) -> bool:
        return can_record_act_dates(self.amendment)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": copy(self.amendment.act)}

    def perform(self, form: ActDatesForm) -> None:
        record_act_dates(self.amendment, by=self.user, **form.date_values)
        self.hand_in({Piece.Kind.DEPOSIT_RECEIPT: form.cleaned_data["deposit_receipt"]})


class AmendmentSignature(AmendmentFormView):
    form_class = AmendmentSignatureForm
    title = "Enregistrer la signature de l'avenant"
    intro = "Donnez la date à laquelle votre représentant a signé l'avenant."
    done = "La signature de l'avenant par votre collectivité est enregistrée."

    def is_possible(self) -> bool:
        return self.amendment.state in AMENDMENT_TRANSITIONS["sign_for_collectivity"].targets

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"on": self.amendment.collectivity_signed_on}

    def perform(self, form: AmendmentSignatureForm) -> None:
        # The copies first: a signature rests on the paper.
        copies = (Piece.Kind.AMENDMENT_SIGNED, Piece.Kind.ACT_SIGNED)
        self.hand_in({kind: form.cleaned_data[kind] for kind in copies})
        self.amendment.sign_for_collectivity(by=self.user, on=form.cleaned_data["on"])


class AddAmendmentPiece(AmendmentFormView):
    form_class = AmendmentPieceForm
    title = "Joindre une pièce à l'avenant"
    intro = "La pièce est gardée telle quelle. Une nouvelle copie s'ajoute aux précédentes."
    submit = "Joindre"
    done = "La pièce est jointe à l'avenant."

    def is_possible(self) -> bool:
        return can_receive_pieces(self.amendment)

    def perform(self, form: AmendmentPieceForm) -> None:
        self.hand_in({form.cleaned_data["kind"]: form.cleaned_data["file"]})
