"""Django's own apps, set for this project."""

from django.apps import apps
from django.contrib.admin import site
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class ProductAdminConfig(AdminConfig):
    default_site = "config.admin.RectoratAdminSite"

    def ready(self) -> None:
        """Leave out the worker's own tables: tasks are no agent's business."""
        super().ready()
        worker = apps.get_app_config("django_q")
        site.unregister([model for model in worker.get_models() if site.is_registered(model)])


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
