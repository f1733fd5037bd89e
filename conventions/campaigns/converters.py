"""The school year in addresses: /conventions/2022-2023/34337/."""


class SchoolYearConverter:
    """Two years that follow one another; a view receives the first one."""

    regex = r"\d{4}-\d{4}"

    def to_python(self, value: str) -> int:
        start, end = (int(year) for year in value.split("-"))
        if end != start + 1:
            raise ValueError("not a school year")
        return start

    def to_url(self, value: str | int) -> str:
        return value if isinstance(value, str) else f"{value}-{value + 1}"
