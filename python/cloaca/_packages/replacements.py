"""Alternatives to packages that are not available here. ``reasons`` uses this module."""

from __future__ import annotations

from typing import Dict, Optional

from .distribution.lock import canonical

_POSTGRES = "pg8000, a driver for PostgreSQL in pure Python"
_MYSQL = "pymysql, a driver for MySQL in pure Python"
_KAFKA = "kafka-python"
_REST = "the HTTP (REST) interface of the service, with google-api-python-client and google-auth, or with requests"
_GRPC = "the HTTP (REST) interface of the service, with requests or httpx"

#: Alternatives by package.
_INSTEAD: Dict[str, str] = {
    **dict.fromkeys(("psycopg2", "psycopg2-binary", "psycopg", "psycopg-binary", "psycopg-c", "asyncpg"), _POSTGRES),
    **dict.fromkeys(("mysqlclient", "mysql-connector-python", "asyncmy"), _MYSQL),
    "lxml": 'beautifulsoup4 with its parser "html.parser", or xml.etree of the standard library',
    "orjson": "json of the standard library",
    "ujson": "json of the standard library",
    "python-rapidjson": "json of the standard library",
    "confluent-kafka": _KAFKA,
    "grpcio": _GRPC,
    "grpcio-status": _GRPC,
    "grpcio-tools": _GRPC,
    "google-cloud-pubsub": _REST,
    "google-cloud-firestore": _REST,
    "google-cloud-logging": _REST,
    "google-cloud-monitoring": _REST,
    "google-cloud-secret-manager": _REST,
    "google-cloud-tasks": _REST,
    "google-cloud-spanner": _REST,
    "google-cloud-bigtable": _REST,
    "google-cloud-bigquery-storage": "google-cloud-bigquery, which uses HTTP",
    "google-ads": _REST,
    "pycurl": "requests or httpx",
    "hiredis": "redis, which works without hiredis",
    "uvloop": "asyncio's own event loop",
    "pyodbc": "a driver in pure Python for the database: pg8000, pymysql, or python-tds for SQL Server",
    "pymssql": "python-tds, a driver for SQL Server in pure Python",
    "cx-oracle": "oracledb in its thin mode",
    "python-snappy": "cramjam, or gzip of the standard library",
    "python-ldap": "ldap3, which is pure Python",
    "pyzmq": "a broker with a client in pure Python (redis, pika, paho-mqtt)",
    "psutil": "os and resource of the standard library, which replace a part of psutil",
}


def instead_of(name: str) -> Optional[str]:
    """Returns an alternative to a package, or None if none is known."""
    known = _INSTEAD.get(canonical(name))
    if known is None and canonical(name).startswith("grpc"):
        return _GRPC
    return known
