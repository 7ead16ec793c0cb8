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
    doc: 'URL of the database, in the current folder where the path is relative',
  }),
  schema: setting(optional(TEXT), null, {
    variable: 'CLOACA_SCHEMA',
    flag: '--schema',
    placeholder: '<name>',
    doc: 'schema of a PostgreSQL database in which everything is kept, made when missing',
  }),
  durability: setting(choiceOf('full', 'normal'), 'full', {
    variable: 'CLOACA_DURABILITY',
    flag: '--durability',
    placeholder: '<how>',
    doc: '`full`: what was accepted survives a power cut; `normal`: faster, and a power cut may cost the last moments',
  }),
  interpreters: setting(wholeFrom(1), 1, {
    variable: 'CLOACA_INTERPRETERS',
    flag: '--interpreters',
    placeholder: WHOLE,
    doc: 'Python interpreters to spread the scripts over',
  }),
  python: setting(PYTHON, 'pyodide', {
    variable: 'CLOACA_PYTHON',
    flag: '--python',
    placeholder: '<python>',
    doc: 'Python that runs scripts: `pyodide`, which comes along, or the name or path of one of the machine',
  }),
  'python-for': setting(optional(PYTHON_BY_PLACE), null, {
    variable: 'CLOACA_PYTHON_FOR',
    flag: '--python-for',
    placeholder: '<place=python>',
    doc: 'the same for the scripts of one file, folder or module; may be given several times',
    isRepeatable: true,
  }),
  restrict: setting(YES_OR_NO, false, {
    variable: 'CLOACA_RESTRICT',
    flag: '--restrict',
    placeholder: '',
    doc: 'scripts may read their own folder, use what the settings below grant, and nothing else of the machine',
  }),
  'allow-read': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_READ',
    flag: '--allow-read',
    placeholder: '<path>',
    doc: 'file or folder that restricted scripts may read; may be given several times',
    isRepeatable: true,
  }),
  'allow-write': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_WRITE',
    flag: '--allow-write',
    placeholder: '<path>',
    doc: 'file or folder that they may read, write, make and remove; may be given several times',
    isRepeatable: true,
  }),
  'allow-net': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_NET',
    flag: '--allow-net',
    placeholder: '<host>',
    doc: 'host, or `host:port`, that they may connect to or listen on, or `*`; may be given several times',
    isRepeatable: true,
  }),
  'allow-env': setting(optional(TEXTS), null, {
    variable: 'CLOACA_ALLOW_ENV',
    flag: '--allow-env',
    placeholder: '<name>',
    doc: 'variable of the environment that they may see; may be given several times',
    isRepeatable: true,
  }),
  'allow-ffi': setting(YES_OR_NO, false, {
    variable: 'CLOACA_ALLOW_FFI',
    flag: '--allow-ffi',
    placeholder: '',
    doc: 'restricted scripts may import `ctypes` and native modules that they can write',
  }),
  'restrict-for': setting(optional(GRANTS_BY_PLACE), null, {
    variable: 'CLOACA_RESTRICT_FOR',
    flag: null,
    placeholder: '',
    doc: 'what the scripts of one file, folder or module are granted instead',
  }),
  'max-concurrent-tasks': setting(wholeFrom(1), 4, {
    variable: 'CLOACA_MAX_CONCURRENT_TASKS',
    flag: '--max-concurrent-tasks',
    placeholder: WHOLE,
    doc: 'tasks that run at the same time',
  }),
  secrets: setting(optional(TEXT), null, {
    variable: 'CLOACA_SECRETS',
    flag: '--secrets',
    placeholder: '<folder>',
    doc: 'folder of files with the secrets of tasks, as Docker and Kubernetes mount them',
  }),
  jitter: setting(durationFrom(0), 0, {
    variable: 'CLOACA_JITTER',
    flag: '--jitter',
    placeholder: DURATION,
    doc: 'at most this much is added at random to each due time of a trigger',
  }),
  grace: setting(durationFrom(0, { bareSeconds: true }), 30 * SECOND_MS, {
    variable: 'CLOACA_GRACE',
    flag: '--grace',
    placeholder: DURATION,
    doc: 'how long a stop or a reload waits for running polls and tasks',
  }),
  'limits.poll': setting(durationFrom(1), 30 * SECOND_MS, {
    variable: 'CLOACA_LIMITS_POLL',
    flag: '--poll-timeout',
    placeholder: DURATION,
    doc: 'time limit of one poll',
  }),
  'limits.task': setting(durationFrom(1), 5 * MINUTE_MS, {
    variable: 'CLOACA_LIMITS_TASK',
    flag: '--task-timeout',
    placeholder: DURATION,
    doc: 'time limit of one attempt of a task, deferral included',
  }),
  'limits.load': setting(durationFrom(1, { bareSeconds: true }), 30 * SECOND_MS, {
    variable: 'CLOACA_LIMITS_LOAD',
    flag: '--load-timeout',
    placeholder: DURATION,
    doc: 'time limit for importing one script',
  }),
  'limits.memory': setting(sizeFrom(LEAST_MEMORY_BYTES, { bareMebibytes: true }), 1024 * MEBIBYTE, {
    variable: 'CLOACA_LIMITS_MEMORY',
    flag: '--memory',
    placeholder: SIZE,
    doc: 'memory limit of one interpreter',
  }),
  'limits.open-files': setting(wholeFrom(128), 1_024, {
    variable: 'CLOACA_LIMITS_OPEN_FILES',
    flag: '--open-files',
    placeholder: WHOLE,
    doc: 'limit of open files and sockets of one interpreter',
  }),
  'limits.threads': setting(wholeFrom(16), 4_000, {
    variable: 'CLOACA_LIMITS_THREADS',
    flag: '--threads',
    placeholder: WHOLE,
    doc: 'limit of Python threads of one interpreter',
  }),
  'limits.log': setting(sizeFrom(1), MEBIBYTE, {
    variable: 'CLOACA_LIMITS_LOG',
    flag: '--log-limit',
    placeholder: SIZE,
    doc: 'how much is kept of what one attempt of a task prints and logs',
  }),
  'limits.poll-log': setting(sizeFrom(1), 64 * 1024, {
    variable: 'CLOACA_LIMITS_POLL_LOG',
    flag: '--poll-log-limit',
    placeholder: SIZE,
    doc: 'how much is kept of what one poll prints and logs',
  }),
  'limits.predicate': setting(durationFrom(1), 10, {
    variable: 'CLOACA_LIMITS_PREDICATE',
    flag: null,
    placeholder: '',
    doc: 'computing time of one evaluation of the predicate of a subscription',
  }),
  'limits.predicate-steps': setting(wholeFrom(1), 100_000, {
    variable: 'CLOACA_LIMITS_PREDICATE_STEPS',
    flag: null,
    placeholder: '',
    doc: 'number of steps of one evaluation of the predicate of a subscription',
  }),
  'retention.executions': setting(orNever(durationFrom(0)), 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_EXECUTIONS',
    flag: '--retention-executions',
    placeholder: DURATION,
    doc: 'age after its end from which an execution is removed, with its firing and its logs',
  }),
  'retention.skips': setting(orNever(durationFrom(0)), 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_SKIPS',
    flag: '--retention-skips',
    placeholder: DURATION,
    doc: 'age from which polls that started nothing are removed',
  }),
  'retention.failures': setting(orNever(durationFrom(0)), 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_FAILURES',
    flag: '--retention-failures',
    placeholder: DURATION,
    doc: 'age from which failed and timed-out polls are removed, and alerts',
  }),
  'retention.firings': setting(orNever(durationFrom(0)), 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_FIRINGS',
    flag: '--retention-firings',
    placeholder: DURATION,
    doc: 'age from which firings of reactors are removed, whoever waits for them, and the events of their sources',
  }),
  'retention.skip-logs': setting(YES_OR_NO, false, {
    variable: 'CLOACA_RETENTION_SKIP_LOGS',
    flag: null,
    placeholder: '',
    doc: 'whether what a poll printed is kept when it started nothing',
  }),
  'alerts.url': setting(optional(WEB_ADDRESS), null, {
    variable: 'CLOACA_ALERTS_URL',
    flag: null,
    placeholder: '',
    doc: 'gets a JSON POST for each alert',
    isPrivate: true,
  }),
  'alerts.secret': setting(optional(secret(TEXT)), null, {
    variable: 'CLOACA_ALERTS_SECRET',
    flag: null,
    placeholder: '',
    doc: 'signs what is sent to the URL; never printed',
    isPrivate: true,
  }),
  'alerts.command': setting(optional(COMMAND), null, {
    variable: 'CLOACA_ALERTS_COMMAND',
    flag: null,
    placeholder: '',
    doc: 'gets each alert as JSON on stdin: a list of words, or a line for the shell',
  }),
  'alerts.on': setting(someOf(...ALERT_KINDS), ALERT_KINDS, {
    variable: 'CLOACA_ALERTS_ON',
    flag: null,
    placeholder: '',
    doc: 'what alerts are sent for',
  }),
  'alerts.failures-in-row': setting(wholeFrom(1), 3, {
    variable: 'CLOACA_ALERTS_FAILURES_IN_ROW',
    flag: null,
    placeholder: '',
    doc: 'so many failed polls of a trigger in a row are an alert',
  }),
  'alerts.late-by': setting(durationFrom(1), MINUTE_MS, {
    variable: 'CLOACA_ALERTS_LATE_BY',
    flag: null,
    placeholder: '',
    doc: 'a poll that was due so long ago and has not ended is an alert',
  }),
  'http.enabled': setting(YES_OR_NO, true, {
    variable: 'CLOACA_HTTP_ENABLED',
    flag: null,
    placeholder: '',
    doc: 'whether `serve` answers HTTP; `--no-http` is false',
  }),
  'http.host': setting(TEXT, '127.0.0.1', {
    variable: 'CLOACA_HTTP_HOST',
    flag: '--host',
    placeholder: '<name>',
    doc: 'name or address that HTTP listens on; beyond this machine it needs a token',
  }),
  'http.port': setting(wholeUpTo(65_535), 8321, {
    variable: 'CLOACA_HTTP_PORT',
    flag: '--port',
    placeholder: WHOLE,
    doc: 'port that HTTP listens on; 0 for any that is free, and so where the default is taken',
  }),
  'http.hosts': setting(optional(HOSTS), null, {
    variable: 'CLOACA_HTTP_HOSTS',
    flag: null,
    placeholder: '',
    doc: 'further names that requests may be for, such as those of a proxy; needs a token',
  }),
  'http.token': setting(optional(TOKEN), null, {
    variable: 'CLOACA_HTTP_TOKEN',
    flag: null,
    placeholder: '',
    doc: 'what HTTP requests prove themselves with; never printed',
    isPrivate: true,
  }),
  'streams.kafka.brokers': setting(optional(TEXTS), null, {
    variable: 'KAFKA_BROKERS',
    flag: null,
    placeholder: '',
    doc: 'brokers of Kafka to begin with: a list of `"host:port"`',
  }),
  'streams.kafka.start': setting(choiceOf('earliest', 'latest'), 'earliest', {
    variable: 'CLOACA_STREAMS_KAFKA_START',
    flag: null,
    placeholder: '',
    doc: 'where a group begins that has read nothing of a partition yet',
  }),
  'streams.kafka.tls': setting(YES_OR_NO, false, {
    variable: 'CLOACA_STREAMS_KAFKA_TLS',
    flag: null,
    placeholder: '',
    doc: 'whether brokers are reached over TLS; so they are where one of the files below is named',
  }),
  'streams.kafka.ca': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_CA',
    flag: null,
    placeholder: '',
    doc: 'file with the certificates (PEM) that sign those of the brokers, in place of those that are known',
  }),
  'streams.kafka.cert': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_CERT',
    flag: null,
    placeholder: '',
    doc: 'file with the certificate (PEM) of whoever reads',
  }),
  'streams.kafka.key': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_KEY',
    flag: null,
    placeholder: '',
    doc: 'file with its private key (PEM)',
  }),
  'streams.kafka.sasl': setting(optional(choiceOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512')), null, {
    variable: 'CLOACA_STREAMS_KAFKA_SASL',
    flag: null,
    placeholder: '',
    doc: 'how whoever reads proves who that is',
  }),
  'streams.kafka.username': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_USERNAME',
    flag: null,
    placeholder: '',
    doc: 'who reads',
  }),
  'streams.kafka.password': setting(optional(secret(TEXT)), null, {
    variable: 'CLOACA_STREAMS_KAFKA_PASSWORD',
    flag: null,
    placeholder: '',
    doc: 'and its password; never printed',
    isPrivate: true,
  }),
  'log.level': setting(choiceOf(...LOG_LEVELS), 'info', {
    variable: 'CLOACA_LOG_LEVEL',
    flag: '--log-level',
    placeholder: '<level>',
    doc: 'minimum level of log lines',
  }),
  'log.format': setting(choiceOf('auto', 'text', 'json'), 'auto', {
    variable: 'CLOACA_LOG_FORMAT',
    flag: '--log-format',
    placeholder: '<format>',
    doc: 'form of log lines; `auto`: `text` on a terminal, `json` elsewhere',
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
