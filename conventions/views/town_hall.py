"""The town hall's steps. Other roles do them in its place through the same scope."""

from copy import copy

from conventions.forms import ActDatesForm, ActForm, IdentityForm, PieceForm, SignatureForm
from conventions.lifecycle import State
from conventions.models import Act, Convention, Piece
from conventions.views.form import FileFormView


class Identity(FileFormView):
    form_class = IdentityForm
    title = "Vérifier vos renseignements"
    intro = (
        "Ces renseignements seront imprimés sur la convention et sur l'acte. "
        "Corrigez-les si besoin, puis confirmez."
    )
    submit = "Confirmer ces renseignements"
    done = "Vos renseignements sont confirmés."
    printed = "La convention à signer est prête."

    def is_possible(self):
        return self.convention.state in (State.SENT, State.ACCEPTED)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "instance": copy(self.convention.collectivity)}

    def perform(self, form):
        self.convention.collectivity = form.save()
        self.convention.accept(by=self.request.user)


class ActPage(FileFormView):
    form_class = ActForm
    title = "Préparer l'acte"
    intro = (
        "Votre collectivité autorise la signature par une décision (sur délégation du conseil, du "
        "comité) ou par une délibération du conseil. Les deux se valent."
    )
    submit = "Enregistrer et produire les PDF"
    done = "L'acte est enregistré."
    printed = "Les PDF à signer sont prêts."

    def is_possible(self):
        return self.convention.can_record_act

    def get_form_kwargs(self):
        # A form writes on its instance before it is valid: never on the file's own act.
        act = self.convention.recorded_act
        instance = copy(act) if act else Act(convention=self.convention)
        return {**super().get_form_kwargs(), "instance": instance}

    def perform(self, form):
        self.convention.record_act(by=self.request.user, **form.facts(Convention.ACT_FIELDS))


class ActDates(FileFormView):
    form_class = ActDatesForm
    template_name = "conventions/act_dates.html"
    title = "Dépôt, publication et communication de l'acte"
    intro = (
        "Enregistrez les dates au fur et à mesure. L'acte est exécutoire quand il est déposé en "
        "préfecture et publié."
    )
    done = "Les dates sont enregistrées."

    def is_possible(self):
        return self.convention.can_record_act_dates

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "instance": copy(self.convention.recorded_act)}

    def perform(self, form):
        user = self.request.user
        self.convention.record_act_dates(by=user, **form.facts(Convention.ACT_DATE_FIELDS))
        if receipt := form.cleaned_data["deposit_receipt"]:
            self.convention.attach(kind=Piece.Kind.DEPOSIT_RECEIPT, pdf=receipt, by=user)


class Signature(FileFormView):
    form_class = SignatureForm
    title = "Enregistrer la signature de la convention"
    intro = "Donnez la date à laquelle votre représentant a signé la convention."
    done = "La signature de votre collectivité est enregistrée."

    def is_possible(self):
        sources = Convention.sources_of("sign_for_collectivity")
        return self.convention.state in sources and self.convention.recorded_act is not None

    def get_initial(self):
        return {"on": self.convention.collectivity_signed_on}

    def perform(self, form):
        user = self.request.user
        self.convention.sign_for_collectivity(by=user, on=form.cleaned_data["on"])
        for kind in (Piece.Kind.CONVENTION_SIGNED, Piece.Kind.ACT_SIGNED):
            if pdf := form.cleaned_data[kind]:
                self.convention.attach(kind=kind, pdf=pdf, by=user)


class AddPiece(FileFormView):
    form_class = PieceForm
    title = "Joindre une pièce"
    intro = "La pièce est gardée telle quelle. Une nouvelle copie s'ajoute aux précédentes."
    submit = "Joindre"
    done = "La pièce est jointe au dossier."

    def is_possible(self):
        return self.convention.state != State.PREPARED

    def perform(self, form):
        self.convention.attach(
            kind=form.cleaned_data["kind"], pdf=form.cleaned_data["file"], by=self.request.user
        )
