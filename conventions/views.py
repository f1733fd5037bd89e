"""The town hall's pages. Other roles see the same file through the same scope."""

from copy import copy

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from django.views.generic import DetailView, FormView, ListView

from accounts.access import role_required
from accounts.roles import Role
from documents.rendering import render

from . import progress
from .forms import ActDatesForm, ActForm, IdentityForm, PieceForm, SignatureForm
from .lifecycle import State, guidance
from .models import Act, Campaign, Convention, Piece

writers = role_required(Role.TOWN_HALL, Role.RECTORAT, Role.ADMINISTRATOR)


def find_convention(user, year: int, code: str) -> Convention:
    """Return the convention of a year and a collectivity's code, or 404 outside the scope."""
    return get_object_or_404(
        _live(user).with_parties(),
        campaign__start_year=year,
        collectivity__code=code,
    )


class ConventionList(ListView):
    template_name = "conventions/list.html"
    paginate_by = 50

    def get_queryset(self):
        return _live(self.request.user).with_parties()

    def get_context_data(self, **kwargs):
        """Say plainly when the convention of the year has not been sent yet."""
        campaign = Campaign.objects.filter(state=Campaign.State.OPEN).first()
        waiting = campaign and not _live(self.request.user).filter(campaign=campaign).exists()
        return super().get_context_data(awaited=campaign if waiting else None, **kwargs)


def _live(user):
    return Convention.objects.for_user(user).exclude(state=State.ABANDONED)


def current(request):
    """Lead to the convention of the year when there is just one, else to the list."""
    campaign = Campaign.objects.filter(state=Campaign.State.OPEN).first()
    found = list(_live(request.user).with_parties().filter(campaign=campaign)[:2])
    return redirect(found[0]) if len(found) == 1 else redirect("conventions")


class ConventionPage(DetailView):
    template_name = "conventions/file.html"
    context_object_name = "convention"

    def get_object(self, queryset=None):
        return find_convention(self.request.user, self.kwargs["year"], self.kwargs["code"])

    def get_context_data(self, **kwargs):
        convention = self.object
        found = progress.steps(convention)
        pieces = convention.pieces.select_related("document", "added_by")
        issued = {piece.kind for piece in pieces}
        return super().get_context_data(
            steps=found,
            expected=progress.expected_now(found),
            warnings=progress.warnings(convention),
            guidance=guidance(convention.state, self.request.user.role),
            may_write=self.request.user.role != Role.FINANCE,
            schools=convention.schools.as_issued(),
            pieces=pieces,
            to_sign=[piece for piece in pieces if piece.kind in Piece.GENERATED],
            received=[piece for piece in pieces if piece.kind in Piece.UPLOADED],
            documents_missing=set(convention.kinds_to_issue()) - issued,
            journal=convention.journal.all(),
            other_years=self._other_years(),
            **kwargs,
        )

    def _other_years(self):
        return (
            _live(self.request.user)
            .filter(collectivity=self.object.collectivity)
            .exclude(pk=self.object.pk)
            .select_related("campaign", "collectivity")
            .order_by("-campaign__start_year")
        )


@method_decorator(writers, name="dispatch")
class FileFormView(FormView):
    """A form about one file: fetches it in scope, calls a verb, shows refusals at their field.

    A subclass says what it does in `perform`; nothing is written when it raises.
    """

    template_name = "conventions/form.html"
    title = ""
    intro = ""
    submit = "Enregistrer"
    done = "C'est enregistré."

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.convention = find_convention(request.user, kwargs["year"], kwargs["code"])

    def dispatch(self, request, *args, **kwargs):
        if not self.is_possible():
            messages.warning(request, "Cette étape n'est pas ouverte dans l'état du dossier.")
            return redirect(self.convention)
        return super().dispatch(request, *args, **kwargs)

    def is_possible(self) -> bool:
        raise NotImplementedError

    def perform(self, form):
        raise NotImplementedError

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "convention": self.convention}

    def form_valid(self, form):
        self.convention.expect_version(form.cleaned_data["version"])
        try:
            with transaction.atomic():
                self.perform(form)
        except ValidationError as refusal:
            self._show(refusal, form)
            return self.form_invalid(form)
        self.convention.issue_documents(by=self.request.user)
        messages.success(self.request, self.done)
        return redirect(self.convention)

    def form_invalid(self, form):
        if not form.non_field_errors():
            form.set_autofocus_on_first_error()
        return self.render_to_response(self.get_context_data(form=form), status=422)

    @staticmethod
    def _show(refusal, form):
        if not hasattr(refusal, "error_dict"):
            form.add_error(None, refusal)
            return
        for field, errors in refusal.error_dict.items():
            form.add_error(field if field in form.fields else None, errors)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            convention=self.convention,
            title=self.title,
            intro=self.intro,
            submit=self.submit,
            **kwargs,
        )


class Identity(FileFormView):
    form_class = IdentityForm
    title = "Vérifier vos renseignements"
    intro = (
        "Ces renseignements seront imprimés sur la convention et sur l'acte. "
        "Corrigez-les si besoin, puis confirmez."
    )
    submit = "Confirmer ces renseignements"
    done = "Vos renseignements sont confirmés. La convention à signer est prête."

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
        "Votre collectivité autorise la signature par une décision du maire (sur délégation du "
        "conseil) ou par une délibération du conseil. Les deux se valent."
    )
    submit = "Enregistrer et produire les PDF"
    done = "L'acte est enregistré. Les PDF à signer sont prêts."

    def is_possible(self):
        return self.convention.can_record_act

    def get_form_kwargs(self):
        # A form writes on its instance before it is valid: never on the file's own act.
        act = self.convention.recorded_act
        instance = copy(act) if act else Act(convention=self.convention)
        return {**super().get_form_kwargs(), "instance": instance}

    def perform(self, form):
        self.convention.record_act(by=self.request.user, **_values(form, Convention.ACT_FIELDS))


class ActDates(FileFormView):
    form_class = ActDatesForm
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
        self.convention.record_act_dates(by=user, **_values(form, Convention.ACT_DATE_FIELDS))
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


def _values(form, names):
    return {name: form.cleaned_data[name] for name in names}


@require_POST
@writers
def issue_documents(request, year, code):
    """Generate what is missing: after an interruption, or when a text came later."""
    convention = find_convention(request.user, year, code)
    issued = convention.issue_documents(by=request.user)
    messages.success(
        request,
        "Les documents sont prêts." if issued else "Les documents étaient déjà à jour.",
    )
    return redirect(convention)


def preview(request, year, code):
    """Show the convention as it would print today; nothing is stored."""
    convention = find_convention(request.user, year, code)
    rendered = render(*convention.text_and_context(Piece.Kind.CONVENTION))
    response = HttpResponse(rendered.content, content_type="application/pdf")
    name = f"projet_{convention.reference}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def download_piece(request, pk):
    """Send a piece of a file in the person's scope."""
    piece = get_object_or_404(
        Piece.objects.select_related(
            "document", "convention__collectivity", "convention__campaign"
        ),
        pk=pk,
        convention__in=Convention.objects.for_user(request.user),
    )
    try:
        file = piece.document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("Le fichier de cette pièce est introuvable.") from error
    return FileResponse(
        file,
        as_attachment=True,
        filename=piece.convention.file_name(piece),
        content_type="application/pdf",
    )
