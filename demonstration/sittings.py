"""Made-up sittings: what the délibérations of the demonstration say of theirs."""

import datetime
import random
from typing import Any

# What a council counts, by the size of its commune (CGCT L2121-2).
_COUNCILS = (11, 15, 19, 23, 27, 29)


def made_up_sitting(held_on: datetime.date, seed: int) -> dict[str, Any]:
    """Return the facts (`Sitting.FIELDS`) of a meeting held on that day; as many as members.

    Its own chance, of `seed`: the files beside it stay as they are.
    """
    chance = random.Random(seed)  # noqa: S311 (made-up data, not a secret)
    members = chance.choice(_COUNCILS)
    absent, represented = chance.randint(0, 2), chance.randint(0, 3)
    present = members - absent - represented
    against, abstentions = chance.choice(((0, 0), (0, 0), (0, 1), (1, 2)))
    return {
        "convened_on": held_on - datetime.timedelta(days=chance.randint(5, 8)),
        "members": members,
        "present": present,
        "represented": represented,
        "absent": absent,
        "proxies": "\n".join(
            f"Dominique EXEMPLE-{n} à Camille EXEMPLE-{n}" for n in range(1, represented + 1)
        ),
        "secretary": "Claude EXEMPLE",
        "votes_for": present + represented - against - abstentions,
        "votes_against": against,
        "abstentions": abstentions,
    }
