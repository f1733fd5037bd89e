"""Who reads what is owed, and who acts on it."""

from accounts.roles import Role

READERS = (Role.FINANCE, Role.ADMINISTRATOR, Role.RECTORAT)
WRITERS = (Role.FINANCE, Role.ADMINISTRATOR)
