"""`DatabaseAdmin`: makes and removes tenants of a PostgreSQL database, with `TenantConfig` and `TenantCredentials`.

Names and URLs are checked here, before the engine is asked; the engine connects, and raises what the documentation
promises.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, final

from .._border import bridge
from .._sealed import Sealed, Unbuildable, new
from .._values import arguments, database


@final
class TenantConfig(Sealed):
    """What a tenant shall be: a schema, and the user who has it. `DatabaseAdmin.create_tenant` checks it.

    Args:
        schema_name: Name of the schema: 1 to 63 ASCII letters, digits and underscores, the first no digit.
        username: Name of the user, by the same rule. It must not exist yet.
        password: Its password; None or "" means that one of 32 letters and digits is made.

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
        """The password; "" when one shall be made."""
        return self._password

    def __repr__(self) -> str:
        return f"TenantConfig(schema_name='{self._schema_name}', username='{self._username}', password='***')"


@final
class TenantCredentials(Unbuildable):
    """What a new tenant connects with. Returned by `DatabaseAdmin.create_tenant`."""

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
        """The password: the one that was given, or the one that was made. It is kept nowhere else."""
        return self._password

    @property
    def schema_name(self) -> str:
        """Name of the schema."""
        return self._schema_name

    @property
    def connection_string(self) -> str:
        """A ``postgresql://`` URL with the password in it, for `DefaultRunner`: it leads to the tenant's schema."""
        return self._connection_string

    def __repr__(self) -> str:
        return (
            f"TenantCredentials(username='{self._username}', schema_name='{self._schema_name}', "
            "password='***', connection_string='***')"
        )


@final
class DatabaseAdmin(Sealed):
    """Makes and removes tenants of a PostgreSQL database: schemas, each with a user of its own.

    Making one only reads the URL; each call connects by itself, blocks its caller only, and may be made
    from any thread.

    Args:
        database_url: ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``, of a user who may make schemas and roles. Host
            and port are ``localhost`` and 5432 where they are missing; what stands behind a ``?`` is dropped.

    Raises:
        RuntimeError: The URL is not one of PostgreSQL, cannot be parsed, or names no database.

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
        """Makes a tenant: the schema where it is missing, the tables, the user with rights there and nowhere else.

        Args:
            config: Names and password.

        Returns:
            What the tenant connects with.

        Raises:
            RuntimeError: A name is not allowed, the user exists, or the server cannot be reached or refuses ("Failed to
                create tenant"). Nothing is changed then.
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
        """Drops the schema with everything in it, then the users that were made for it, as far as they exist.

        Args:
            schema_name: Name of the schema.
            username: Name of a user that `create_tenant` made for it.

        Raises:
            RuntimeError: A name is not allowed, the schema has no tables of cloaca, the user was not made for it, or
                the server cannot be reached or refuses, as where a user owns something elsewhere ("Failed to remove
                tenant"). Nothing is changed then.
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
