"""`DatabaseAdmin`, `TenantConfig` and `TenantCredentials` without a server. See also `test_misuse.py`."""

from __future__ import annotations

import traceback

import pytest
from cases import each, table

import cloaca
from cloaca._values import database

URL = "postgresql://root:marker%2Fpassword@db:5433/app?sslmode=require"


@each(table("database-names.json"), key="name")
def test_schema_and_user_names_are_checked_as_in_the_engine(case):
    problem = (database.schema_problem if case["kind"] == "schema" else database.user_problem)(case["name"])

    if case["problem"] is None:
        assert problem is None
    else:
        assert problem is not None and case["problem"] in problem


@pytest.mark.parametrize(
    "url",
    [
        "postgres://app_db/app",
        "postgresql:///app",
        "POSTGRESQL://root@/app",
        "postgresql://u:a%2Fb%25@[::1]:5433/app?x=y",
        URL,
    ],
)
def test_creating_a_database_admin_needs_no_server(url):
    assert repr(cloaca.DatabaseAdmin(url)) == "DatabaseAdmin()"


@pytest.mark.proof
def test_a_tenant_config_is_read_only_and_its_repr_hides_the_password():
    config = cloaca.TenantConfig("acme", username="acme_u", password="marker")

    assert (config.schema_name, config.username, config.password) == ("acme", "acme_u", "marker")
    assert repr(config) == str(config) == "TenantConfig(schema_name='acme', username='acme_u', password='***')"
    for name in ("schema_name", "username", "password", "other"):
        with pytest.raises(AttributeError):
            setattr(config, name, "x")


@pytest.mark.parametrize("given", [{}, {"password": None}, {"password": ""}])
def test_a_missing_password_is_an_empty_str(given):
    assert cloaca.TenantConfig("acme", "acme_u", **given).password == ""


def test_creating_a_tenant_config_does_not_check_its_names():
    assert cloaca.TenantConfig("1 bad name", "").schema_name == "1 bad name"


@pytest.mark.proof
@pytest.mark.parametrize(
    "url", ["postgresql://u:marker@db:port/app", "postgresql://u:marker@db", "mysql://u:marker@db/app"]
)
def test_the_error_for_an_invalid_url_does_not_show_the_password(url):
    with pytest.raises(RuntimeError) as caught:
        cloaca.DatabaseAdmin(url)

    assert "marker" not in "".join(traceback.format_exception(caught.type, caught.value, caught.tb.tb_next))
    assert caught.value.__cause__ is None and caught.value.__context__ is None
