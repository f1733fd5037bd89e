"""What stands in place of what went to the archives with its campaign.

The database lets rows that never change take these words and no others, once their campaign is
marked (`Campaign.transferred_on`): `frozen_but` of the journal and of documents.
"""

NAME = "nom transféré aux archives"
WORDS = "Transféré aux archives."
