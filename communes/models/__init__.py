from .collectivity import Civility, Collectivity, Gender, Membership, Party
from .territory import Academy, Commune, Department, FormerCode, Region

__all__ = [
    "Academy",
    "Civility",
    "Collectivity",
    "Commune",
    "Department",
    "FormerCode",
    "Gender",
    "Membership",
    "Party",
    "Region",
]
