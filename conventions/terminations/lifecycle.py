"""Article 11 as a table: the steps of one procedure, each a verb of `Termination`."""

from django.db import models

from accounts.roles import ADMIN_SITE_ROLES, Role
from lifecycle.transition import Transition, table

_BOTH_SIDES = ADMIN_SITE_ROLES | {Role.TOWN_HALL}


class TerminationState(models.TextChoices):
    # As in "la procédure est …".
    NOTICE = "notice", "ouverte par une mise en demeure"
    CONCILIATION = "conciliation", "passée en conciliation"
    SECOND_LETTER = "second_letter", "à sa seconde lettre"
    SETTLED = "settled", "close par un accord"
    WITHDRAWN = "withdrawn", "close par le retrait de la mise en demeure"
    TERMINATED = "terminated", "menée à son terme"


OPEN = (TerminationState.NOTICE, TerminationState.CONCILIATION, TerminationState.SECOND_LETTER)
# Closed without ending anything: another procedure may follow.
CLOSED = (TerminationState.SETTLED, TerminationState.WITHDRAWN)

# In the order of article 11. A step recorded again, before the next one, corrects it.
TERMINATION_TRANSITIONS = table(
    Transition(
        "give_formal_notice",
        label="Mettre en demeure",
        done="Mise en demeure enregistrée",
        targets={TerminationState.NOTICE: TerminationState.NOTICE},
        roles=_BOTH_SIDES,
        requires=("initiative",),
    ),
    Transition(
        "withdraw_notice",
        label="Retirer la mise en demeure",
        done="Mise en demeure retirée : la procédure de résiliation est close",
        targets=dict.fromkeys(
            (TerminationState.NOTICE, TerminationState.CONCILIATION), TerminationState.WITHDRAWN
        ),
        roles=_BOTH_SIDES,
        requires=("initiative",),
        comment_required=True,
    ),
    Transition(
        "record_conciliation",
        label="Enregistrer la conciliation",
        done="Réunion de conciliation enregistrée",
        targets={
            TerminationState.NOTICE: TerminationState.CONCILIATION,
            TerminationState.CONCILIATION: TerminationState.CONCILIATION,
        },
        roles=_BOTH_SIDES,
    ),
    Transition(
        "record_settlement",
        label="Enregistrer un accord",
        done="Accord trouvé : la procédure de résiliation est close",
        targets=dict.fromkeys(OPEN, TerminationState.SETTLED),
        roles=_BOTH_SIDES,
    ),
    Transition(
        "send_second_letter",
        label="Enregistrer la seconde lettre",
        done="Seconde lettre recommandée envoyée",
        targets=dict.fromkeys(OPEN, TerminationState.SECOND_LETTER),
        roles=_BOTH_SIDES,
        requires=("initiative", "month_of_conciliation"),
    ),
    Transition(
        "terminate",
        label="Enregistrer la résiliation",
        done="Procédure menée à son terme",
        targets={TerminationState.SECOND_LETTER: TerminationState.TERMINATED},
        roles=_BOTH_SIDES,
        requires=("initiative", "fifteen_days"),
    ),
)
