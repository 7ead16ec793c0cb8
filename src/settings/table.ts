/**
 * Every setting, once: its key in `cloaca.toml` and `package.json`, what it may be, its default, its environment variable
 * and its flag. Reading, printing, the flags of the commands and the manual's table go by this.
 */

import { ALERT_KINDS } from '../model/alert.ts'
import { GRANTS_BY_PLACE } from './grants-by-place.ts'
import { type Setting, setting } from './setting.ts'
import {
  COMMAND,
  choiceOf,
  DATABASE_URL,
  durationFrom,
  HOSTS,
  optional,
  orNever,
  PYTHON,
  PYTHON_BY_PLACE,
  secret,
  sizeFrom,
  someOf,
  TEXT,
  TEXTS,
  TOKEN,
  WEB_ADDRESS,
  wholeFrom,
  wholeUpTo,
  YES_OR_NO,
} from './value-types.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const MEBIBYTE = 1024 ** 2
/** Of less, an interpreter has used four fifths when it has just begun. */
const LEAST_MEMORY_BYTES = 384 * MEBIBYTE

const WHOLE = '<n>'
const DURATION = '<duration>'
const SIZE = '<size>'

export const SETTINGS = Object.freeze({
  database: setting(DATABASE_URL, 'sqlite://cloaca.db', {
    variable: 'CLOACA_DATABASE_URL',
    flag: '--db',
    placeholder: '<url>',
    doc: 'use this database: URL or path of a SQLite file',
  }),
  schema: setting(optional(TEXT), null, {
    variable: 'CLOACA_SCHEMA',
    flag: '--schema',
    placeholder: '<name>',
    doc: 'use this PostgreSQL schema; create it if missing',
  }),
  durability: setting(choiceOf('full', 'normal'), 'full', {
    variable: 'CLOACA_DURABILITY',
    flag: '--durability',
    placeholder: '<how>',
    doc: '`full`: survive power cuts; `normal`: faster, may lose recent writes',
  }),
  interpreters: setting(wholeFrom(1), 1, {
    variable: 'CLOACA_INTERPRETERS',
    flag: '--interpreters',
    placeholder: WHOLE,
    doc: 'spread the scripts over this many Python interpreters',
  }),
  python: setting(PYTHON, 'pyodide', {
    variable: 'CLOACA_PYTHON',
    flag: '--python',
    placeholder: '<python>',
    doc: 'run scripts in `pyodide` or a CPython (name or path)',
  }),
  'python-for': setting(optional(PYTHON_BY_PLACE), null, {
    variable: 'CLOACA_PYTHON_FOR',
    flag: '--python-for',
    placeholder: '<place=python>',
    doc: 'use another Python for one file, folder or module; repeatable',
    isRepeatable: true,
  }),
  restrict: setting(YES_OR_NO, false, {
    variable: 'CLOACA_RESTRICT',
    flag: '--restrict',
    placeholder: '',
    doc: 'restrict scripts to their folder and the permissions in `allow-…`',
  }),
  'allow-read': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_READ',
    flag: '--allow-read',
    placeholder: '<path>',
    doc: 'let restricted scripts read this file or folder; repeatable',
    isRepeatable: true,
  }),
  'allow-write': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_WRITE',
    flag: '--allow-write',
    placeholder: '<path>',
    doc: 'let restricted scripts change this file or folder; repeatable',
    isRepeatable: true,
  }),
  'allow-net': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_NET',
    flag: '--allow-net',
    placeholder: '<host>',
    doc: 'let restricted scripts use this host, `host:port` or `*`; repeatable',
    isRepeatable: true,
  }),
  'allow-env': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_ENV',
    flag: '--allow-env',
    placeholder: '<name>',
    doc: 'let restricted scripts read this environment variable; repeatable',
    isRepeatable: true,
  }),
  'allow-ffi': setting(YES_OR_NO, false, {
    variable: 'CLOACA_ALLOW_FFI',
    flag: '--allow-ffi',
    placeholder: '',
    doc: 'let restricted scripts import `ctypes` and writable native modules',
  }),
  'restrict-for': setting(optional(GRANTS_BY_PLACE), null, {
    variable: 'CLOACA_RESTRICT_FOR',
    flag: null,
    placeholder: '',
    doc: 'replace the permissions for one file, folder or module',
  }),
  'max-concurrent-tasks': setting(wholeFrom(1), 4, {
    variable: 'CLOACA_MAX_CONCURRENT_TASKS',
    flag: '--max-concurrent-tasks',
    placeholder: WHOLE,
    doc: 'run at most this many tasks at the same time',
  }),
  secrets: setting(optional(TEXT), null, {
    variable: 'CLOACA_SECRETS',
    flag: '--secrets',
    placeholder: '<folder>',
    doc: 'read the secrets of tasks from files in this folder',
  }),
  jitter: setting(durationFrom(0), 0, {
    variable: 'CLOACA_JITTER',
    flag: '--jitter',
    placeholder: DURATION,
    doc: 'delay each poll randomly by up to this duration',
  }),
  grace: setting(durationFrom(0, { bareSeconds: true }), 30 * SECOND_MS, {
    variable: 'CLOACA_GRACE',
    flag: '--grace',
    placeholder: DURATION,
    doc: 'on stop or reload, wait this long for running work',
  }),
  'limits.poll': setting(durationFrom(1), 30 * SECOND_MS, {
    variable: 'CLOACA_LIMITS_POLL',
    flag: '--poll-timeout',
    placeholder: DURATION,
    doc: 'limit the duration of one poll',
  }),
  'limits.task': setting(durationFrom(1), 5 * MINUTE_MS, {
    variable: 'CLOACA_LIMITS_TASK',
    flag: '--task-timeout',
    placeholder: DURATION,
    doc: 'limit the duration of one task attempt, including `defer_until`',
  }),
  'limits.load': setting(durationFrom(1, { bareSeconds: true }), 30 * SECOND_MS, {
    variable: 'CLOACA_LIMITS_LOAD',
    flag: '--load-timeout',
    placeholder: DURATION,
    doc: 'limit the time to import one script',
  }),
  'limits.memory': setting(sizeFrom(LEAST_MEMORY_BYTES, { bareMebibytes: true }), 1024 * MEBIBYTE, {
    variable: 'CLOACA_LIMITS_MEMORY',
    flag: '--memory',
    placeholder: SIZE,
    doc: 'limit the memory of one interpreter',
  }),
  'limits.open-files': setting(wholeFrom(128), 1_024, {
    variable: 'CLOACA_LIMITS_OPEN_FILES',
    flag: '--open-files',
    placeholder: WHOLE,
    doc: 'limit the open files and sockets of one interpreter',
  }),
  'limits.threads': setting(wholeFrom(16), 4_000, {
    variable: 'CLOACA_LIMITS_THREADS',
    flag: '--threads',
    placeholder: WHOLE,
    doc: 'limit the Python threads of one interpreter',
  }),
  'limits.log': setting(sizeFrom(1), MEBIBYTE, {
    variable: 'CLOACA_LIMITS_LOG',
    flag: '--log-limit',
    placeholder: SIZE,
    doc: 'limit the stored output and logs of one task attempt',
  }),
  'limits.poll-log': setting(sizeFrom(1), 64 * 1024, {
    variable: 'CLOACA_LIMITS_POLL_LOG',
    flag: '--poll-log-limit',
    placeholder: SIZE,
    doc: 'limit the stored output and logs of one poll',
  }),
  'limits.predicate': setting(durationFrom(1), 10, {
    variable: 'CLOACA_LIMITS_PREDICATE',
    flag: null,
    placeholder: '',
    doc: 'limit the computing time of one predicate evaluation',
  }),
  'limits.predicate-steps': setting(wholeFrom(1), 100_000, {
    variable: 'CLOACA_LIMITS_PREDICATE_STEPS',
    flag: null,
    placeholder: '',
    doc: 'limit the steps of one predicate evaluation',
  }),
  'retention.executions': setting(orNever(durationFrom(0)), 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_EXECUTIONS',
    flag: '--retention-executions',
    placeholder: DURATION,
    doc: 'remove executions and their logs this long after they end',
  }),
  'retention.skips': setting(orNever(durationFrom(0)), 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_SKIPS',
    flag: '--retention-skips',
    placeholder: DURATION,
    doc: 'remove polls that started nothing once they are this old',
  }),
  'retention.failures': setting(orNever(durationFrom(0)), 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_FAILURES',
    flag: '--retention-failures',
    placeholder: DURATION,
    doc: 'after this time, remove failed and timed-out polls and alerts',
  }),
  'retention.firings': setting(orNever(durationFrom(0)), 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_FIRINGS',
    flag: '--retention-firings',
    placeholder: DURATION,
    doc: 'after this time, remove reactor firings and source events',
  }),
  'retention.skip-logs': setting(YES_OR_NO, false, {
    variable: 'CLOACA_RETENTION_SKIP_LOGS',
    flag: null,
    placeholder: '',
    doc: 'keep the output of polls that started nothing',
  }),
  'alerts.url': setting(optional(WEB_ADDRESS), null, {
    variable: 'CLOACA_ALERTS_URL',
    flag: null,
    placeholder: '',
    doc: 'send each alert as JSON to this URL (POST)',
    isPrivate: true,
  }),
  'alerts.secret': setting(optional(secret(TEXT)), null, {
    variable: 'CLOACA_ALERTS_SECRET',
    flag: null,
    placeholder: '',
    doc: 'sign alerts to the URL with this secret; never printed',
    isPrivate: true,
  }),
  'alerts.command': setting(optional(COMMAND), null, {
    variable: 'CLOACA_ALERTS_COMMAND',
    flag: null,
    placeholder: '',
    doc: 'run this command for each alert, with JSON on stdin',
  }),
  'alerts.on': setting(someOf(...ALERT_KINDS), ALERT_KINDS, {
    variable: 'CLOACA_ALERTS_ON',
    flag: null,
    placeholder: '',
    doc: 'send alerts for these events',
  }),
  'alerts.failures-in-row': setting(wholeFrom(1), 3, {
    variable: 'CLOACA_ALERTS_FAILURES_IN_ROW',
    flag: null,
    placeholder: '',
    doc: 'alert after this many consecutive failed polls of a trigger',
  }),
  'alerts.late-by': setting(durationFrom(1), MINUTE_MS, {
    variable: 'CLOACA_ALERTS_LATE_BY',
    flag: null,
    placeholder: '',
    doc: 'alert when a poll or schedule is this late',
  }),
  'http.enabled': setting(YES_OR_NO, true, {
    variable: 'CLOACA_HTTP_ENABLED',
    flag: null,
    placeholder: '',
    doc: 'serve HTTP; `--no-http` turns it off',
  }),
  'http.host': setting(TEXT, '127.0.0.1', {
    variable: 'CLOACA_HTTP_HOST',
    flag: '--host',
    placeholder: '<name>',
    doc: 'listen on this address; a non-local address needs a token',
  }),
  'http.port': setting(wholeUpTo(65_535), 8321, {
    variable: 'CLOACA_HTTP_PORT',
    flag: '--port',
    placeholder: WHOLE,
    doc: 'listen on this port; 0 chooses any free port',
  }),
  'http.hosts': setting(optional(HOSTS), null, {
    variable: 'CLOACA_HTTP_HOSTS',
    flag: null,
    placeholder: '',
    doc: 'accept requests for these further host names; needs a token',
  }),
  'http.token': setting(optional(TOKEN), null, {
    variable: 'CLOACA_HTTP_TOKEN',
    flag: null,
    placeholder: '',
    doc: 'require this token in HTTP requests; never printed',
    isPrivate: true,
  }),
  'streams.kafka.brokers': setting(optional(TEXTS), null, {
    variable: 'KAFKA_BROKERS',
    flag: null,
    placeholder: '',
    doc: 'use these Kafka bootstrap brokers: a list of `"host:port"`',
  }),
  'streams.kafka.start': setting(choiceOf('earliest', 'latest'), 'earliest', {
    variable: 'CLOACA_STREAMS_KAFKA_START',
    flag: null,
    placeholder: '',
    doc: 'start at this position in partitions never read before',
  }),
  'streams.kafka.tls': setting(YES_OR_NO, false, {
    variable: 'CLOACA_STREAMS_KAFKA_TLS',
    flag: null,
    placeholder: '',
    doc: 'connect over TLS; implied by `ca`, `cert` or `key`',
  }),
  'streams.kafka.ca': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_CA',
    flag: null,
    placeholder: '',
    doc: 'trust only the CA certificates in this PEM file',
  }),
  'streams.kafka.cert': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_CERT',
    flag: null,
    placeholder: '',
    doc: 'authenticate with the client certificate in this PEM file',
  }),
  'streams.kafka.key': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_KEY',
    flag: null,
    placeholder: '',
    doc: 'use the private key in this PEM file with `cert`',
  }),
  'streams.kafka.sasl': setting(optional(choiceOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512')), null, {
    variable: 'CLOACA_STREAMS_KAFKA_SASL',
    flag: null,
    placeholder: '',
    doc: 'authenticate with this SASL mechanism',
  }),
  'streams.kafka.username': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_USERNAME',
    flag: null,
    placeholder: '',
    doc: 'authenticate as this user (SASL)',
  }),
  'streams.kafka.password': setting(optional(secret(TEXT)), null, {
    variable: 'CLOACA_STREAMS_KAFKA_PASSWORD',
    flag: null,
    placeholder: '',
    doc: 'authenticate with this password (SASL); never printed',
    isPrivate: true,
  }),
  'log.level': setting(choiceOf(...LOG_LEVELS), 'info', {
    variable: 'CLOACA_LOG_LEVEL',
    flag: '--log-level',
    placeholder: '<level>',
    doc: 'write log lines of this level and above',
  }),
  'log.format': setting(choiceOf('auto', 'text', 'json'), 'auto', {
    variable: 'CLOACA_LOG_FORMAT',
    flag: '--log-format',
    placeholder: '<format>',
    doc: 'format log lines; `auto`: `text` on a terminal, `json` elsewhere',
  }),
})

export type SettingKey = keyof typeof SETTINGS

export type SettingValue<Key extends SettingKey> = (typeof SETTINGS)[Key] extends Setting<infer Value> ? Value : never

/** In the order of the table. */
export const SETTING_KEYS = Object.freeze(Object.keys(SETTINGS)) as readonly SettingKey[]

/** Variables of cloaca that are no settings. */
export const OTHER_VARIABLES: ReadonlySet<string> = new Set(['CLOACA_CACHE_DIR', 'CLOACA_SETTINGS', 'CLOACA_TRACE'])

/** Variables that scripts are not to see. */
export const PRIVATE_VARIABLES: ReadonlySet<string> = new Set(
  SETTING_KEYS.filter((key) => settingOf(key).isPrivate).map((key) => settingOf(key).variable),
)

/** The same table, for whoever treats all settings alike. */
export function settingOf(key: SettingKey): Setting<unknown> {
  return SETTINGS[key] as Setting<unknown>
}
