"""The site itself, and Django's own apps as it wants them."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from dsfr.forms import DsfrBaseForm, DsfrDjangoTemplates


class SiteConfig(AppConfig):
    """No model: commands that concern the whole site."""

    name = "config"

    def ready(self) -> None:
        """Have all forms share what writes them: each would read and compile its templates anew."""
        DsfrBaseForm.default_renderer = DsfrDjangoTemplates()


class ProductAdminConfig(AdminConfig):
    default_site = "config.admin.RectoratAdminSite"

    def ready(self) -> None:
        """Leave out the libraries' own tables: theirs are no agent's business, nor scoped."""
        super().ready()
        site.unregister([model for model, pages in site._registry.items() if not _is_ours(pages)])


def _is_ours(pages: ModelAdmin) -> bool:
    """Tell whether an app of the project's folder, not of a library, made these pages."""
    return (settings.BASE_DIR / type(pages).__module__.partition(".")[0]).is_dir()


class ProductStaticFilesConfig(StaticFilesConfig):
    """Collect, of the design system, only what the pages load (templates/dsfr/global_css.html)."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.md",
        "*.legacy.min.*",
        "*.main.min.*",
        "*.print.min.*",
        # The same rules again, by component and by layer.
        "dsfr/dist/analytics/*",
        "dsfr/dist/component/*",
        "dsfr/dist/core/*",
        "dsfr/dist/dsfr/*.css",
        "dsfr/dist/dsfr.*module.min.js",
        "dsfr/dist/layout/*",
        "dsfr/dist/legacy/*",
        "dsfr/dist/scheme/*",
        # The State's mark, and pictures of pages that this site does not have.
        "dsfr/dist/artwork/*",
        "dsfr/dist/favicon/*",
        "django-dsfr/icon-picker/*",
        "dsfr/dist/utility/utility.*",
        "dsfr/dist/utility/colors/*",
        "dsfr/dist/utility/pictograms/*",
        "dsfr/dist/utility/icons/icons.*",
        *(
            pattern
            for family in (
                "buildings",
                "communication",
                "design",
                "development",
                "device",
                "finance",
                "health",
                "map",
                "others",
            )
            for pattern in (
                f"dsfr/dist/icons/{family}/*",
                f"dsfr/dist/utility/icons/icons-{family}/*",
            )
        ),
        *(
            f"dsfr/dist/utility/icons/icons-{family}/*"
            for family in ("editor", "logo", "media", "weather")
        ),
    ]
