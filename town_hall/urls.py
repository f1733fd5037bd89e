from django.urls import path, register_converter

from conventions.campaigns.converters import SchoolYearConverter
from town_hall.links.views import FileLink
from town_hall.views import (
    amendments,
    calendar,
    colleagues,
    comparison,
    correspondence,
    documents,
    files,
    own_act,
    returning,
    steps,
    support,
    termination,
    verify,
)

register_converter(SchoolYearConverter, "school_year")

_file = "<school_year:year>/<str:code>/"
_amendment = f"{_file}avenants/<int:number>/"
_signature = "pieces/<int:pk>/signatures/<int:position>/"

urlpatterns = [
    path("", files.ConventionList.as_view(), name="conventions"),
    path("calendrier/", calendar.CalendarPage.as_view(), name="calendar"),
    path("en-cours/", files.current, name="convention_current"),
    path("comme/<str:code>/", support.SupportStart.as_view(), name="support_start"),
    path("comme/", support.support_end, name="support_end"),
    path("acces/<str:code>/", colleagues.Colleagues.as_view(), name="colleagues"),
    path("acces/<str:code>/confirmer/", colleagues.ConfirmAccess.as_view(), name="confirm_access"),
    path(
        "acces/<str:code>/<int:pk>/retrait/",
        colleagues.RemoveColleague.as_view(),
        name="remove_colleague",
    ),
    path(
        "acces/<str:code>/invitations/<int:pk>/envoi/",
        colleagues.InviteAgain.as_view(),
        name="invite_again",
    ),
    path(
        "acces/<str:code>/invitations/<int:pk>/retrait/",
        colleagues.WithdrawInvitation.as_view(),
        name="withdraw_invitation",
    ),
    path("lien/<str:token>/", FileLink.as_view(), name="file_link"),
    path("pieces/<int:pk>/", documents.download_piece, name="piece"),
    path(_signature, comparison.compare, name="piece_comparison"),
    path(f"{_signature}signee.pdf", comparison.download_as_signed, name="piece_as_signed"),
    path(
        f"{_signature}<slug:moment>/<int:number>.png",
        comparison.compared_page,
        name="piece_compared_page",
    ),
    path("messages/<int:pk>/", correspondence.download_attachment, name="message_attachment"),
    path(_file, files.ConventionPage.as_view(), name="convention"),
    path(f"{_file}projet.pdf", documents.preview, name="convention_preview"),
    path(f"{_file}documents/", documents.issue_documents, name="convention_issue"),
    path(f"{_file}renseignements/", verify.Verify.as_view(), name="convention_identity"),
    path(f"{_file}imprimer/", documents.PrintPage.as_view(), name="convention_print"),
    path(f"{_file}retour/", returning.ReturnPage.as_view(), name="convention_return"),
    path(f"{_file}retour/depot/", returning.receive, name="convention_receive"),
    path(f"{_file}representant/", steps.Representative.as_view(), name="convention_representative"),
    path(f"{_file}correction/", correspondence.Correction.as_view(), name="convention_correction"),
    path(f"{_file}message/", correspondence.PostMessage.as_view(), name="convention_message"),
    path(f"{_file}acte/", steps.ActPage.as_view(), name="convention_act"),
    path(f"{_file}acte/texte.docx", documents.download_act_text, name="act_text"),
    path(f"{_file}acte/adapter/", own_act.OwnActPage.as_view(), name="own_act"),
    path(f"{_file}acte/abandon/", steps.DropDraft.as_view(), name="convention_act_drop"),
    path(f"{_file}dates/", steps.ActDates.as_view(), name="convention_dates"),
    path(f"{_file}signature/", steps.Signature.as_view(), name="convention_signature"),
    path(f"{_file}pieces/", steps.AddPiece.as_view(), name="convention_piece"),
    path(
        f"{_file}pieces/<int:pk>/retirer/", steps.WithdrawPiece.as_view(), name="piece_withdrawal"
    ),
    path(f"{_amendment}acte/", amendments.AmendmentActPage.as_view(), name="amendment_act"),
    path(f"{_amendment}acte/texte.docx", documents.download_act_text, name="amendment_act_text"),
    path(
        f"{_amendment}acte/adapter/",
        amendments.OwnAmendmentAct.as_view(),
        name="own_amendment_act",
    ),
    path(
        f"{_amendment}acte/abandon/",
        amendments.DropAmendmentDraft.as_view(),
        name="amendment_act_drop",
    ),
    path(f"{_amendment}dates/", amendments.AmendmentActDates.as_view(), name="amendment_dates"),
    path(
        f"{_amendment}signature/",
        amendments.AmendmentSignature.as_view(),
        name="amendment_signature",
    ),
    path(f"{_amendment}pieces/", amendments.AddAmendmentPiece.as_view(), name="amendment_piece"),
    path(
        f"{_file}resiliation/<slug:step>/",
        termination.TerminationStep.as_view(),
        name="convention_termination",
    ),
]
