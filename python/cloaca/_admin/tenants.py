"""`DatabaseAdmin`, `TenantConfig` and `TenantCredentials`: create and remove tenants of a PostgreSQL database.

Names and URLs are checked here before the engine is called. The engine connects, and raises the documented errors.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, final

from .._border import bridge
from .._sealed import Sealed, Unbuildable, new
from .._values import arguments, database


@final
class TenantConfig(Sealed):
    """Description of a tenant to create: a schema and its user. `DatabaseAdmin.create_tenant` checks it.

    Args:
        schema_name: Name of the schema: 1 to 63 ASCII letters, digits and underscores, not starting with a digit.
        username: Name of the user, with the same rule. The user must not exist yet.
        password: Password of the user. None or "" means a generated password of 32 letters and digits.

    Example:
        >>> TenantConfig("acme", "acme_u")
        TenantConfig(schema_name='acme', username='acme_u', password='***')
    """

    __slots__ = ("_schema_name", "_username", "_password")

    def __init__(self, schema_name: str, username: str, password: Optional[str] = None) -> None:
        self._schema_name = arguments.text(schema_name, "schema_name")
        self._username = arguments.text(username, "username")
        self._password = arguments.optional_text(password, "password") or ""

    @property
    def schema_name(self) -> str:
        """Name of the schema."""
        return self._schema_name

    @property
    def username(self) -> str:
        """Name of the user."""
        return self._username

    @property
    def password(self) -> str:
        """Password of the user, or "" for a generated password."""
        return self._password

    def __repr__(self) -> str:
        return f"TenantConfig(schema_name='{self._schema_name}', username='{self._username}', password='***')"


@final
class TenantCredentials(Unbuildable):
    """Credentials of a new tenant, which `DatabaseAdmin.create_tenant` returns."""

    __slots__ = ("_schema_name", "_username", "_password", "_connection_string")

    _schema_name: str
    _username: str
    _password: str
    _connection_string: str

    @property
    def username(self) -> str:
        """Name of the user."""
        return self._username

    @property
    def password(self) -> str:
        """Given or generated password. It is not stored anywhere else."""
        return self._password

    @property
    def schema_name(self) -> str:
        """Name of the schema."""
        return self._schema_name

    @property
    def connection_string(self) -> str:
        """URL for `DefaultRunner` that connects to the tenant's schema: ``postgresql://``, with the password."""
        return self._connection_string

    def __repr__(self) -> str:
        return (
            f"TenantCredentials(username='{self._username}', schema_name='{self._schema_name}', "
            "password='***', connection_string='***')"
        )


@final
class DatabaseAdmin(Sealed):
    """Creates and removes tenants of a PostgreSQL database. A tenant is a schema with its own user.

    The constructor only parses the URL. Each call opens its own connection, blocks only its caller, and can be made
    from any thread.

    Args:
        database_url: ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``, with a user who may create schemas and roles.
            The host defaults to ``localhost`` and the port to 5432. Query parameters are ignored.

    Raises:
        RuntimeError: The URL is not a PostgreSQL URL, cannot be parsed, or has no database name.

    Example:
        >>> admin = DatabaseAdmin("postgresql://root:pw@db/app")
        >>> credentials = admin.create_tenant(TenantConfig("acme", "acme_u"))
        >>> runner = DefaultRunner(credentials.connection_string)
    """

    __slots__ = ("_url",)

    def __init__(self, database_url: str) -> None:
        url = arguments.text(database_url, "database_url")
        database.check_admin_url(url)
        self._url = url

    def create_tenant(self, config: TenantConfig) -> TenantCredentials:
        """Creates a tenant: its schema if missing, the tables, and a user with rights only in this schema.

        Args:
            config: Names and password.

        Returns:
            The credentials of the tenant.

        Raises:
            RuntimeError: A name is not allowed, the user already exists, or the server cannot be reached or rejects the
                request ("Failed to create tenant"). Nothing is changed then.
        """
        if not isinstance(config, TenantConfig):
            arguments.refuse(config, "config", "TenantConfig")
        payload = self._payload("Failed to create tenant", config.schema_name, config.username)
        made: Dict[str, Any] = bridge.call("tenants.create", {**payload, "password": config.password})
        credentials = new(TenantCredentials)
        credentials._schema_name, credentials._username = config.schema_name, config.username
        credentials._password, credentials._connection_string = made["password"], made["connection_string"]
        return credentials

    def remove_tenant(self, schema_name: str, username: str) -> None:
        """Drops the schema with its contents, then the users that were created for it, if they exist.

        Args:
            schema_name: Name of the schema.
            username: Name of a user that `create_tenant` created for the schema.

        Raises:
            RuntimeError: A name is not allowed, the schema has no tables of cloaca, the user was not created for it, or
                the server cannot be reached or rejects the request, for example because a user owns other objects
                ("Failed to remove tenant"). Nothing is changed then.
        """
        schema, user = arguments.text(schema_name, "schema_name"), arguments.text(username, "username")
        bridge.call("tenants.remove", self._payload("Failed to remove tenant", schema, user))

    def _payload(self, failure: str, schema: str, user: str) -> Dict[str, object]:
        problem, kind = database.schema_problem(schema), "schema name"
        if problem is None:
            problem, kind = database.user_problem(user), "username"
        if problem is not None:
            raise RuntimeError(f"{failure}: Invalid {kind}: {problem}")
        return {"url": self._url, "schema": schema, "username": user}

    def __repr__(self) -> str:
        return "DatabaseAdmin()"
