"""Where schools stand, as the annuaire writes it."""

from tabular.reading import Row

# A metre: more is noise, which would have every import rewrite every school.
_DEGREES = 5


def position_of(row: Row) -> tuple[float, float] | None:
    """Where the school stands, in degrees; None where the file does not say, or cannot be right."""
    try:
        latitude, longitude = (
            round(float(row[name].replace(",", ".")), _DEGREES)
            for name in ("latitude", "longitude")
        )
    except ValueError:
        return None
    # Off the coast of Africa: what registers write for want of a position.
    is_somewhere = (latitude, longitude) != (0, 0)
    is_on_earth = abs(latitude) <= 90 and abs(longitude) <= 180  # Not so of "nan" either.
    return (latitude, longitude) if is_somewhere and is_on_earth else None
