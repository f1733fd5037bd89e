"""People: who they are, their role, the collectivities they act for."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from accounts import roles
from accounts.roles import Role
from communes.models import Collectivity, Department
from communes.models.collectivity import CollectivityQuerySet

DEMONSTRATION_DOMAIN = "demonstration.invalid"


# The name of who left three years ago (`accounts.leaving`).
WITHOUT_NAME = "compte anonymisé"


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

    def regional(self) -> QuerySet["User"]:
        """Who may change what the whole region shares, in a constant order."""
        return self.filter(
            Q(role=Role.ADMINISTRATOR) | Q(role=Role.RECTORAT, departments__isnull=True),
            is_active=True,
        ).order_by("last_name", "first_name", "pk")

    def managers_of(self, collectivity: Collectivity) -> QuerySet["User"]:
        """Who invites and removes people for a collectivity."""
        return self.filter(is_active=True, is_shared=False, managed=collectivity)

    def demonstration(self) -> QuerySet["User"]:
        """Accounts that must not exist outside demonstration mode."""
        return self.filter(email__endswith=f"@{DEMONSTRATION_DOMAIN}")


class User(AbstractBaseUser):
    email = models.EmailField(
        "adresse électronique",
        unique=True,
        error_messages={"unique": "Un compte existe déjà avec cette adresse."},
    )
    first_name = models.CharField("prénom", max_length=80, blank=True)
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
    managed = models.ManyToManyField(
        Collectivity,
        blank=True,
        related_name="managers",
        verbose_name="gère les accès de",
        help_text="Pour une mairie : celles dont elle invite et retire les collègues.",
    )
    is_shared = models.BooleanField(
        "boîte partagée par le service",
        default=False,
        help_text="Pour une mairie : plusieurs personnes s'en servent. Chacune donne son nom à "
        "chaque connexion, et le journal le garde ; aucune ne gère les accès.",
    )
    date_joined = models.DateTimeField("créé le", default=timezone.now, editable=False)
    # Sessions, links and calendar addresses given before are worth nothing any more.
    rights_since = models.DateTimeField(
        "droits en vigueur depuis le", default=timezone.now, editable=False
    )
    # Who ProConnect says this is, and the establishment it says they work for: for
    # information, since a commune's secretary may be paid by another body.
    proconnect_sub = models.CharField(
        "identifiant ProConnect", max_length=255, blank=True, editable=False
    )
    proconnect_siret = models.CharField(
        "SIRET selon ProConnect", max_length=14, blank=True, editable=False
    )

    objects = UserManager()
    history = HistoricalRecords(
        excluded_fields=[
            "password",
            "last_login",
            "rights_since",
            "proconnect_sub",
            "proconnect_siret",
        ],
        m2m_fields=[collectivities, departments, managed],
    )

    # Of the request under way (`accounts.middleware`): the one collectivity that a person of
    # several works for, and the name that somebody gave at a shared mailbox.
    acting_for: Collectivity | None = None
    has_choice = False
    typed_name = ""
    # The collectivity that an agent of the rectorat sees as (`town_hall.support`).
    visiting: Collectivity | None = None
    # The key of the one file that the link of an e-mail opened (`town_hall.links`).
    only_file: int | None = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        verbose_name = "utilisateur"
        ordering = ["last_name", "first_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["proconnect_sub"],
                condition=~Q(proconnect_sub=""),
                name="user_proconnect_sub_unique",
                violation_error_message="Cette identité ProConnect est celle d'un autre compte.",
            ),
        ]

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

    @property
    def signature(self) -> str:
        """Who acts, as journals keep it: the account and, at a shared mailbox, the person."""
        name = self.get_full_name()
        return f"{name} ({self.typed_name})" if self.typed_name else name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """End every session when the password changes, and when rights do."""
        value = f"{self.password}{self.rights_since.timestamp()}"
        return salted_hmac("accounts.session", value, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def department_keys(self) -> list[int]:
        """The keys of the départements of a rectorat agent, none for the whole region; read once."""
        return [department.pk for department in self.departments.all()]

    @property
    def limited_to_departments(self) -> bool:
        """Tell whether a rectorat agent sees some départements only."""
        return bool(self.department_keys)

    def department_scope(self, path: str) -> Q:
        """Return the filter that leaves an agent the rows of their départements.

        `path` leads from the filtered model to its département, as in a lookup. An agent
        whose account names none sees the whole region; a town hall sees nothing this way.
        """
        if self.role == Role.TOWN_HALL:
            return Q(pk__in=())
        if self.role == Role.RECTORAT and self.limited_to_departments:
            return Q(**{f"{path}__in": self.department_keys})
        return Q()

    def covers_department(self, key: int | None) -> bool:
        """Tell whether an agent sees the rows of a département, as `department_scope` leaves them."""
        if self.role == Role.TOWN_HALL:
            return False
        return self.role != Role.RECTORAT or not self.department_keys or key in self.department_keys

    @property
    def own_collectivities(self) -> CollectivityQuerySet:
        """Those that a town hall's person acts for, or that an agent sees as."""
        if self.visiting:
            return Collectivity.objects.filter(pk=self.visiting.pk)
        return self.collectivities.all()

    @property
    def was_removed(self) -> bool:
        """Tell whether colleagues closed this account: they may invite its person again."""
        return (
            not self.is_active and self.role == Role.TOWN_HALL and not self.collectivities.exists()
        )

    @property
    def is_agent(self) -> bool:
        """Tell whether this is somebody of the State, who must prove a second factor."""
        return self.role in roles.AGENTS

    @property
    def is_regional(self) -> bool:
        """Tell whether what the whole region shares is theirs to change."""
        return self.role in roles.ADMIN_SITE_ROLES and not self.limited_to_departments

    # What Django's admin and authentication ask of a user; answered by the role.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.role in roles.ADMIN_SITE_ROLES

    @property
    def is_superuser(self) -> bool:
        return False

    def has_perm(self, permission: str, obj: Any | None = None) -> bool:
        if roles.is_regional(permission) and not self.is_regional:
            return False
        return self.is_active and roles.has_permission(self.role, permission)

    def has_perms(self, permissions: Iterable[str], obj: Any | None = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and roles.has_app(self.role, app_label)
