/** Packages that trigger scripts import most, with the file in `uses/` that tries each of them. */

export interface Package {
  /** Requirement for pip. */
  readonly requirement: string
  readonly module: string
  /** File in `uses/` with the function that uses the package. */
  readonly uses: string
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'web.py': [
    'requests',
    'httpx',
    'aiohttp',
    'urllib3',
    'websockets',
    'websocket-client:websocket',
    'flask',
    'tornado',
    'slack-sdk:slack_sdk',
    'sentry-sdk:sentry_sdk',
    'prometheus-client:prometheus_client',
  ],
  'cloud.py': [
    'boto3',
    'google-cloud-storage:google.cloud.storage',
    'google-crc32c:google_crc32c',
    'azure-storage-blob:azure.storage.blob',
    'azure-identity:azure.identity',
    'msal',
    'kubernetes',
  ],
  'databases.py': [
    'sqlalchemy',
    'psycopg[binary]:psycopg',
    'asyncpg',
    'pg8000',
    'pymysql',
    'pymongo',
    'redis',
    'duckdb',
    'elasticsearch',
    'kafka-python:kafka',
    'pika',
    'paho-mqtt:paho.mqtt.client',
    'nats-py:nats',
    'paramiko',
  ],
  'formats.py': [
    'pyyaml:yaml',
    'openpyxl',
    'lxml:lxml.etree',
    'beautifulsoup4:bs4',
    'feedparser',
    'numpy',
    'pandas',
    'polars',
    'pyarrow',
    'scipy',
    'orjson',
    'Pillow:PIL.Image',
    'pypdf',
    'xmltodict',
    'jsonschema<4.18:jsonschema',
    'jinja2',
    'markupsafe',
    'regex',
    'icalendar',
    'watchdog',
    'cryptography',
    'cffi',
    'PyJWT:jwt',
  ],
  'scripting.py': [
    'python-dateutil:dateutil',
    'arrow',
    'croniter',
    'schedule',
    'apscheduler',
    'tenacity',
    'backoff',
    'python-dotenv:dotenv',
    'pydantic',
    'click',
    'structlog',
    'zope.interface',
    'aiosmtplib',
    'imapclient',
  ],
}

export const PACKAGES: readonly Package[] = Object.entries(GROUPS).flatMap(([uses, entries]) =>
  entries.map((entry) => {
    const [requirement = '', module = requirement] = entry.split(':')
    return { requirement, module, uses }
  }),
)
