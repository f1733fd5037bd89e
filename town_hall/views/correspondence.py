"""The thread of a file: a request for correction, messages, what is attached to them."""

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.access import user_of
from conventions.correspondence import can_post_message, post_message
from conventions.exchanges.models import Message
from conventions.lifecycle import TRANSITIONS
from conventions.models import Convention
from town_hall.forms.files import CorrectionForm, MessageForm
from town_hall.views.documents import open_file
from town_hall.views.form import FileFormView
from town_hall.views.transferred import InArchives, or_in_archives


class Correction(FileFormView):
    form_class = CorrectionForm
    is_long_to_write = True
    title = "Demander une correction"
    intro = (
        "Dites au rectorat ce qui ne va pas. Il vous répond, corrige s'il y a lieu, puis vous "
        "renvoie la convention. Vous n'avez rien à signer d'ici là."
    )
    submit = "Envoyer la demande"
    done = (
        "Votre demande est envoyée au rectorat. Vous retrouverez sa réponse dans les échanges de "
        "ce dossier ; la convention vous sera renvoyée pour confirmation."
    )

    def is_possible(self) -> bool:
        return self.convention.state in TRANSITIONS["request_correction"].targets

    def perform(self, form: CorrectionForm) -> None:
        self.convention.request_correction(
            by=self.user,
            subject=form.cleaned_data["subject"],
            comment=form.cleaned_data["comment"],
            attachment=form.cleaned_data["attachment"],
        )


class PostMessage(FileFormView):
    form_class = MessageForm
    is_long_to_write = True
    title = "Écrire un message"
    intro = "Votre message s'ajoute aux échanges du dossier, que les deux parties lisent."
    submit = "Envoyer"
    done = "Votre message est envoyé."

    def is_possible(self) -> bool:
        return can_post_message(self.convention)

    def perform(self, form: MessageForm) -> None:
        post_message(
            self.convention,
            by=self.user,
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
            attachment=form.cleaned_data["attachment"],
        )


@or_in_archives
def download_attachment(request: HttpRequest, pk: int) -> FileResponse:
    """Send what is attached to a message of a file in the person's scope."""
    message = get_object_or_404(
        Message.objects.select_related(
            "attachment", "convention__campaign", "convention__collectivity"
        ),
        pk=pk,
        convention__in=Convention.objects.for_user(user_of(request)),
    )
    document = message.attachment
    if document is None:
        raise Http404
    if not document.file:
        raise InArchives(message.convention)
    return FileResponse(
        open_file(document),
        as_attachment=True,
        filename=document.original_name or f"message_{message.pk}.pdf",
        content_type="application/pdf",
    )
