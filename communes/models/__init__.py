from communes.models.collectivity import (
    Civility,
    Collectivity,
    Gender,
    Mandate,
    Membership,
    Party,
    Represented,
)
from communes.models.territory import ONLINE_FROM, Academy, Commune, Department, FormerCode, Region

__all__ = [
    "ONLINE_FROM",
    "Academy",
    "Civility",
    "Collectivity",
    "Commune",
    "Department",
    "FormerCode",
    "Gender",
    "Mandate",
    "Membership",
    "Party",
    "Region",
    "Represented",
]
