from conventions.models.act import Act, ActFacts, AmendmentAct
from conventions.models.amendment import Amendment, AmendmentSchool
from conventions.models.calendar import CalendarSubscription
from conventions.models.campaign import Campaign
from conventions.models.convention import Convention, Missing
from conventions.models.dossier import outdated_among
from conventions.models.errors import StaleFile, TransitionRefused
from conventions.models.job import Job, JobItem
from conventions.models.journal import JournalEntry
from conventions.models.message import Message
from conventions.models.notification import Notification
from conventions.models.piece import Piece
from conventions.models.pile import Pile, PilePage, Sheaf
from conventions.models.school import ConventionSchool
from conventions.models.termination import Termination

__all__ = [
    "Act",
    "ActFacts",
    "Amendment",
    "AmendmentAct",
    "AmendmentSchool",
    "CalendarSubscription",
    "Campaign",
    "Convention",
    "ConventionSchool",
    "Job",
    "JobItem",
    "JournalEntry",
    "Message",
    "Missing",
    "Notification",
    "Piece",
    "Pile",
    "PilePage",
    "Sheaf",
    "StaleFile",
    "Termination",
    "TransitionRefused",
    "outdated_among",
]
