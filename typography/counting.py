"""A number and what it counts, as French agrees them: the plural begins at two."""


def agreed(words: str, count: int, many: str = "") -> str:
    """Return `words` for none or one; for more `many`, or each of them with an « s »."""
    if count < 2:
        return words
    return many or " ".join(f"{word}s" for word in words.split())


def counted(count: int, words: str, many: str = "") -> str:
    """Return "0 école", "1 école inscrite", "2 386 écoles inscrites"; see `agreed`."""
    number = f"{count:,}".replace(",", "\u202f")
    return f"{number} {agreed(words, count, many)}"
