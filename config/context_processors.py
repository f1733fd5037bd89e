"""What every page needs to know of the site."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Name, brand and mode of the site, without a query (unlike dsfr's own processor)."""
    return {
        "SITE_CONFIG": {
            "site_title": settings.SITE_NAME,
            "site_tagline": settings.SITE_TAGLINE,
            "brand_html": settings.BRAND_HTML,
        },
        "DEMONSTRATION": settings.DEMONSTRATION,
    }
