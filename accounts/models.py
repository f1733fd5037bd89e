"""People: who they are, their role, the collectivities they act for."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from accounts import roles
from accounts.roles import Role
from communes.models import Collectivity, Department

DEMONSTRATION_DOMAIN = "demonstration.invalid"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password the account waits for a reset by e-mail."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator (`manage.py createsuperuser`)."""
        return self.create_user(email, password, role=Role.ADMINISTRATOR, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())

    def demonstration(self) -> QuerySet["User"]:
        """Accounts that must not exist outside demonstration mode."""
        return self.filter(email__endswith=f"@{DEMONSTRATION_DOMAIN}")


class User(AbstractBaseUser):
    email = models.EmailField(
        "adresse électronique",
        unique=True,
        error_messages={"unique": "Un compte existe déjà avec cette adresse."},
    )
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    role = models.CharField("rôle", max_length=15, choices=Role)
    collectivities = models.ManyToManyField(
        Collectivity,
        blank=True,
        related_name="users",
        verbose_name="collectivités",
        help_text="Pour une mairie : celles dont elle voit les conventions.",
    )
    departments = models.ManyToManyField(
        Department,
        blank=True,
        related_name="users",
        verbose_name="départements",
        help_text="Pour le rectorat : laissez vide pour toute la région.",
    )
    is_active = models.BooleanField(
        "actif", default=True, help_text="Décochez plutôt que de supprimer un compte."
    )
    date_joined = models.DateTimeField("créé le", default=timezone.now, editable=False)

    objects = UserManager()
    history = HistoricalRecords(
        excluded_fields=["password", "last_login"], m2m_fields=[collectivities, departments]
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        verbose_name = "utilisateur"
        ordering = ["last_name", "first_name"]

    def __str__(self) -> str:
        return self.get_full_name()

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save; signing in, which only dates the last time, leaves no line in the history."""
        if update_fields is not None and set(update_fields) == {"last_login"}:
            self.skip_history_when_saving = True
        super().save(*args, update_fields=update_fields, **kwargs)
        self.__dict__.pop("skip_history_when_saving", None)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name

    @cached_property
    def limited_to_departments(self) -> bool:
        """Tell whether a rectorat agent sees some départements only."""
        return self.departments.exists()

    def department_scope(self, path: str) -> Q:
        """Return the filter that leaves an agent the rows of their départements.

        `path` leads from the filtered model to its département, as in a lookup. An agent
        whose account names none sees the whole region; a town hall sees nothing this way.
        """
        if self.role == Role.TOWN_HALL:
            return Q(pk__in=())
        if self.role == Role.RECTORAT and self.limited_to_departments:
            return Q(**{f"{path}__in": self.departments.values("pk")})
        return Q()

    # What Django's admin and authentication ask of a user; answered by the role.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.role in roles.ADMIN_SITE_ROLES

    @property
    def is_superuser(self) -> bool:
        return False

    def has_perm(self, permission: str, obj: Any | None = None) -> bool:
        return self.is_active and roles.has_permission(self.role, permission)

    def has_perms(self, permissions: Iterable[str], obj: Any | None = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and roles.has_app(self.role, app_label)
