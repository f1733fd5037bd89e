from .act import Act
from .campaign import Campaign
from .convention import Convention, StaleFile, TransitionRefused
from .journal import JournalEntry
from .piece import Piece
from .school import ConventionSchool

__all__ = [
    "Act",
    "Campaign",
    "Convention",
    "ConventionSchool",
    "JournalEntry",
    "Piece",
    "StaleFile",
    "TransitionRefused",
]
