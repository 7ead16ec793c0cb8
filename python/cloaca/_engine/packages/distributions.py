"""Names of the distributions that contain modules whose import name differs.

The longest entry takes precedence: ``google.cloud.storage`` before ``google``. ``advice`` uses this module.
"""

from __future__ import annotations

import re
from typing import Optional

#: Modules that are imported from each distribution.
_MODULES = {
    "apache-airflow": "airflow",
    "argon2-cffi": "argon2",
    "attrs": "attr",
    "audioop-lts": "audioop",
    "azure-ai-formrecognizer": "azure.ai.formrecognizer",
    "azure-core": "azure.core",
    "azure-cosmos": "azure.cosmos",
    "azure-data-tables": "azure.data.tables",
    "azure-eventgrid": "azure.eventgrid",
    "azure-eventhub": "azure.eventhub",
    "azure-functions": "azure.functions",
    "azure-identity": "azure.identity",
    "azure-keyvault-secrets": "azure.keyvault.secrets azure.keyvault",
    "azure-monitor-query": "azure.monitor.query",
    "azure-servicebus": "azure.servicebus",
    "azure-storage-blob": "azure.storage.blob azure.storage",
    "azure-storage-file-share": "azure.storage.fileshare",
    "azure-storage-queue": "azure.storage.queue",
    "beautifulsoup4": "bs4",
    "biopython": "Bio BioSQL",
    "cassandra-driver": "cassandra",
    "clickhouse-connect": "clickhouse_connect",
    "clickhouse-driver": "clickhouse_driver",
    "couchbase": "couchbase",
    "databricks-sdk": "databricks.sdk",
    "databricks-sql-connector": "databricks.sql databricks",
    "discord.py": "discord",
    "djangorestframework": "rest_framework",
    "dnspython": "dns",
    "elasticsearch-dsl": "elasticsearch_dsl",
    "facebook-business": "facebook_business",
    "firebase-admin": "firebase_admin",
    "google-ads": "google.ads",
    "google-analytics-data": "google.analytics.data_v1beta google.analytics",
    "google-api-core": "google.api_core",
    "google-api-python-client": "googleapiclient apiclient",
    "google-auth": "google.auth google.oauth2 google",
    "google-auth-httplib2": "google_auth_httplib2",
    "google-auth-oauthlib": "google_auth_oauthlib",
    "google-cloud-bigquery": "google.cloud.bigquery",
    "google-cloud-bigtable": "google.cloud.bigtable",
    "google-cloud-core": "google.cloud",
    "google-cloud-datastore": "google.cloud.datastore",
    "google-cloud-firestore": "google.cloud.firestore",
    "google-cloud-logging": "google.cloud.logging",
    "google-cloud-pubsub": "google.cloud.pubsub google.cloud.pubsub_v1",
    "google-cloud-secret-manager": "google.cloud.secretmanager",
    "google-cloud-storage": "google.cloud.storage",
    "google-cloud-tasks": "google.cloud.tasks google.cloud.tasks_v2",
    "google-crc32c": "google_crc32c",
    "google-generativeai": "google.generativeai",
    "google-genai": "google.genai",
    "google-resumable-media": "google.resumable_media",
    "googleapis-common-protos": "google.rpc google.type google.longrunning",
    "graphql-core": "graphql",
    "grpcio": "grpc",
    "gspread": "gspread",
    "hdbcli": "hdbcli",
    "ibm-db": "ibm_db",
    "importlib-resources": "importlib_resources",
    "influxdb-client": "influxdb_client",
    "ipython": "IPython",
    "jira": "jira",
    "kafka-python": "kafka",
    "confluent-kafka": "confluent_kafka",
    "kubernetes": "kubernetes",
    "launchdarkly-server-sdk": "ldclient",
    "legacy-cgi": "cgi cgitb",
    "mailchimp-marketing": "mailchimp_marketing",
    "markdown": "markdown",
    "mattermostdriver": "mattermostdriver",
    "microsoftgraph-python": "microsoftgraph",
    "msgraph-sdk": "msgraph",
    "msgpack": "msgpack",
    "mysql-connector-python": "mysql.connector mysql",
    "mysqlclient": "MySQLdb",
    "nats-py": "nats",
    "newrelic": "newrelic",
    "office365-rest-python-client": "office365",
    "opencv-python": "cv2",
    "opensearch-py": "opensearchpy",
    "opentelemetry-api": "opentelemetry",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry.exporter.otlp.proto.http opentelemetry.exporter",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "oracledb": "oracledb",
    "cx-Oracle": "cx_Oracle",
    "paho-mqtt": "paho.mqtt paho",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
    "protobuf": "google.protobuf",
    "psycopg": "psycopg",
    "psycopg2-binary": "psycopg2",
    "py-trello": "trello",
    "pycryptodome": "Crypto",
    "pycryptodomex": "Cryptodome",
    "pygithub": "github",
    "pyjwt": "jwt",
    "pymupdf": "fitz pymupdf",
    "pymysql": "pymysql",
    "pynacl": "nacl",
    "pyopenssl": "OpenSSL",
    "pyserial": "serial",
    "pytest": "_pytest",
    "python-box": "box",
    "python-consul": "consul",
    "python-dateutil": "dateutil",
    "python-decouple": "decouple",
    "python-docx": "docx",
    "python-dotenv": "dotenv",
    "python-gitlab": "gitlab",
    "python-gnupg": "gnupg",
    "python-jose": "jose",
    "python-json-logger": "pythonjsonlogger",
    "python-keycloak": "keycloak",
    "python-ldap": "ldap",
    "python-magic": "magic",
    "python-multipart": "multipart python_multipart",
    "python-nmap": "nmap",
    "python-pptx": "pptx",
    "python-slugify": "slugify",
    "python-telegram-bot": "telegram",
    "pywavelets": "pywt",
    "pywin32": "win32api win32com win32con win32gui pythoncom pywintypes",
    "pyyaml": "yaml _yaml",
    "pyzmq": "zmq",
    "qdrant-client": "qdrant_client",
    "rpds-py": "rpds",
    "ruamel.yaml": "ruamel.yaml ruamel",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "sendgrid": "sendgrid",
    "sentry-sdk": "sentry_sdk",
    "setuptools": "setuptools pkg_resources _distutils_hack distutils",
    "simple-salesforce": "simple_salesforce",
    "slack-bolt": "slack_bolt",
    "slack-sdk": "slack_sdk slack",
    "snowflake-connector-python": "snowflake.connector snowflake",
    "snowflake-sqlalchemy": "snowflake.sqlalchemy",
    "standard-aifc": "aifc",
    "standard-asynchat": "asynchat",
    "standard-asyncore": "asyncore",
    "standard-chunk": "chunk",
    "standard-crypt": "crypt",
    "standard-imghdr": "imghdr",
    "standard-mailcap": "mailcap",
    "standard-nntplib": "nntplib",
    "standard-pipes": "pipes",
    "standard-smtpd": "smtpd",
    "standard-sndhdr": "sndhdr",
    "standard-sunau": "sunau",
    "standard-telnetlib": "telnetlib",
    "standard-uu": "uu",
    "standard-xdrlib": "xdrlib",
    "stripe": "stripe",
    "telethon": "telethon",
    "typing-extensions": "typing_extensions",
    "tweepy": "tweepy",
    "umap-learn": "umap",
    "uuid6": "uuid6",
    "vobject": "vobject",
    "websocket-client": "websocket",
    "zope.event": "zope.event",
    "zope.interface": "zope.interface zope",
}

#: Known distributions whose import name is the name of the distribution.
_SAME_NAME = """
    aiobotocore aiofiles aiohttp aiokafka aiomysql aioredis aiosmtplib alembic anyio apprise apscheduler
    arrow asyncpg babel backoff boto3 botocore cachetools celery certifi cffi charset_normalizer click
    colorama croniter cryptography cssselect dask dataset deepdiff diskcache django docker docutils duckdb
    elasticsearch exchangelib fabric faker fastapi fastavro feedparser flask fsspec gevent gitpython greenlet
    gunicorn h11 h2 hiredis holidays html5lib httplib2 httpx humanize hvac icalendar idna imapclient influxdb
    invoke isodate jinja2 jmespath jsonpath_ng jsonschema keyring ldap3 litellm loguru lxml mailjet_rest
    marshmallow matplotlib minio msal mypy mysql neo4j networkx nltk notion_client numpy oauthlib odfpy
    openai openpyxl orjson pandas paramiko parsel peewee pendulum pg8000 phonenumbers pika plotly polars
    portalocker praw psutil pyarrow pydantic pydantic_settings pygments pymongo pymssql pyodbc pypdf pyproj
    pysftp pytest pytz rdflib redis regex requests requests_oauthlib rich s3fs s3transfer schedule scipy
    scrapy selectolax selenium shapely simplejson six smbprotocol sqlalchemy sqlmodel statsmodels structlog
    sympy tabulate tenacity termcolor thrift toml tomlkit toolz tornado tqdm twilio typer tzdata tzlocal
    ujson unidecode uritemplate urllib3 uvicorn uvloop validators watchdog watchfiles websockets werkzeug
    wrapt xlrd xlsxwriter xmltodict yarl zeep zstandard
"""

_BY_MODULE = {module: name for name, modules in _MODULES.items() for module in modules.split()}
_BY_MODULE.update({name: name.replace("_", "-") for name in _SAME_NAME.split()})

#: Separators for namespaces that several distributions share: ``azure.mgmt.compute`` is in ``azure-mgmt-compute``.
_NAMESPACES = {"azure": "-", "google.cloud": "-", "opentelemetry": "-", "zope": ".", "ruamel": ".", "backports": "."}


def distribution_of(module: str) -> Optional[str]:
    """Returns the name of the distribution that contains a module, or None if it is unknown."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        joint = _NAMESPACES.get(prefix)
        if joint is not None and length < len(parts):
            named = parts[: length + (2 if prefix == "azure" else 1)]
            return joint.join(re.sub("_v\\d+\\w*$", "", part) for part in named)
        if prefix in _BY_MODULE:
            return _BY_MODULE[prefix]
    return None
