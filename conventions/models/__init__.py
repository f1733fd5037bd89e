from .act import Act
from .campaign import Campaign
from .convention import Convention, Missing
from .errors import StaleFile, TransitionRefused
from .journal import JournalEntry
from .piece import Piece
from .school import ConventionSchool

__all__ = [
    "Act",
    "Campaign",
    "Convention",
    "ConventionSchool",
    "JournalEntry",
    "Missing",
    "Piece",
    "StaleFile",
    "TransitionRefused",
]
