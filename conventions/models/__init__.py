from .act import Act, ActFacts, AmendmentAct
from .amendment import Amendment, AmendmentSchool
from .calendar import CalendarSubscription
from .campaign import Campaign
from .convention import Convention, Missing
from .dossier import outdated_among
from .errors import StaleFile, TransitionRefused
from .job import Job, JobItem
from .journal import JournalEntry
from .message import Message
from .notification import Notification
from .piece import Piece
from .school import ConventionSchool
from .termination import Termination

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
    "StaleFile",
    "Termination",
    "TransitionRefused",
    "outdated_among",
]
