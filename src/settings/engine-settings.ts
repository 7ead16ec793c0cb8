/** Settings of an engine and its scripts: database, interpreters, restrictions, limits and retention. */

import { GRANTS_BY_PLACE } from './grants-by-place.ts'
import { LIMIT_SETTINGS } from './limit-settings.ts'
import { setting } from './setting-definition.ts'
import {
  choiceType,
  DATABASE_URL,
  DURATION_OR_NEVER,
  durationFrom,
  optional,
  PYTHON,
  PYTHON_BY_PLACE,
  sizeFrom,
  TEXT,
  TEXTS,
  wholeNumberFrom,
  YES_OR_NO,
} from './value-types.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const MEBIBYTE = 1024 ** 2
/** Minimum memory of an interpreter. A new interpreter already uses four fifths of it. */
const MIN_MEMORY_BYTES = 384 * MEBIBYTE
const WHOLE = '<n>'
const DURATION = '<duration>'
const SIZE = '<size>'

export const ENGINE_SETTINGS = {
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
  durability: setting(choiceType('full', 'normal'), 'full', {
    variable: 'CLOACA_DURABILITY',
    flag: '--durability',
    placeholder: '<how>',
    doc: '`full`: survive power cuts; `normal`: may lose the last second',
  }),
  interpreters: setting(wholeNumberFrom(1), 1, {
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
  'max-concurrent-tasks': setting(wholeNumberFrom(1), 4, {
    variable: 'CLOACA_MAX_CONCURRENT_TASKS',
    flag: '--concurrency',
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
  'limits.park': setting(durationFrom(0), MINUTE_MS, {
    variable: 'CLOACA_LIMITS_PARK',
    flag: '--park-after',
    placeholder: DURATION,
    doc: 'park a task that waits this long for a child',
  }),
  'limits.try-later': setting(wholeNumberFrom(1, 10_000), 100, {
    variable: 'CLOACA_LIMITS_TRY_LATER',
    flag: null,
    placeholder: '',
    doc: 'limit how often one task ends with `TryLater`',
  }),
  'limits.catchup': setting(wholeNumberFrom(0, 1_000), 100, {
    variable: 'CLOACA_LIMITS_CATCHUP',
    flag: '--catchup-limit',
    placeholder: WHOLE,
    doc: 'limit the missed runs of a schedule with `catchup="all"`',
  }),
  'limits.load': setting(durationFrom(1, { bareSeconds: true }), 30 * SECOND_MS, {
    variable: 'CLOACA_LIMITS_LOAD',
    flag: '--load-timeout',
    placeholder: DURATION,
    doc: 'limit the time to import one script',
  }),
  'limits.memory': setting(sizeFrom(MIN_MEMORY_BYTES, { bareMebibytes: true }), 1024 * MEBIBYTE, {
    variable: 'CLOACA_LIMITS_MEMORY',
    flag: '--memory',
    placeholder: SIZE,
    doc: 'limit the memory of one interpreter',
  }),
  'limits.open-files': setting(wholeNumberFrom(128), 1_024, {
    variable: 'CLOACA_LIMITS_OPEN_FILES',
    flag: '--open-files',
    placeholder: WHOLE,
    doc: 'limit the open files and sockets of one interpreter',
  }),
  'limits.threads': setting(wholeNumberFrom(16), 4_000, {
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
  'limits.trigger-state': setting(sizeFrom(2), 64 * 1024, {
    variable: 'CLOACA_LIMITS_TRIGGER_STATE',
    flag: '--trigger-state-limit',
    placeholder: SIZE,
    doc: 'limit the stored state of one trigger',
  }),
  'limits.predicate': setting(durationFrom(1), 10, {
    variable: 'CLOACA_LIMITS_PREDICATE',
    flag: null,
    placeholder: '',
    doc: 'limit the computing time of one predicate evaluation',
  }),
  'limits.predicate-steps': setting(wholeNumberFrom(1), 100_000, {
    variable: 'CLOACA_LIMITS_PREDICATE_STEPS',
    flag: null,
    placeholder: '',
    doc: 'limit the steps of one predicate evaluation',
  }),
  limit: setting(optional(LIMIT_SETTINGS), null, {
    variable: 'CLOACA_LIMIT',
    flag: null,
    placeholder: '',
    doc: 'override limits of the code, a table for each',
  }),
  'retention.executions': setting(DURATION_OR_NEVER, 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_EXECUTIONS',
    flag: '--retention-executions',
    placeholder: DURATION,
    doc: 'remove executions, logs and approvals this long after they end',
  }),
  'retention.skips': setting(DURATION_OR_NEVER, 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_SKIPS',
    flag: '--retention-skips',
    placeholder: DURATION,
    doc: 'remove polls that started nothing once they are this old',
  }),
  'retention.failures': setting(DURATION_OR_NEVER, 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_FAILURES',
    flag: '--retention-failures',
    placeholder: DURATION,
    doc: 'after this time, remove failed polls, alerts and ended incidents',
  }),
  'retention.firings': setting(DURATION_OR_NEVER, 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_FIRINGS',
    flag: '--retention-firings',
    placeholder: DURATION,
    doc: 'after this time, remove reactor firings and source events',
  }),
  'retention.schedule-times': setting(DURATION_OR_NEVER, 400 * DAY_MS, {
    variable: 'CLOACA_RETENTION_SCHEDULE_TIMES',
    flag: null,
    placeholder: '',
    doc: 'remember this long which times of a schedule were fired',
  }),
  'retention.keys': setting(DURATION_OR_NEVER, 30 * DAY_MS, {
    variable: 'CLOACA_RETENTION_KEYS',
    flag: '--retention-keys',
    placeholder: DURATION,
    doc: 'after this time, forget keys that started executions',
  }),
  'retention.signals': setting(DURATION_OR_NEVER, 7 * DAY_MS, {
    variable: 'CLOACA_RETENTION_SIGNALS',
    flag: '--retention-signals',
    placeholder: DURATION,
    doc: 'after this time, remove signals, used or not',
  }),
  'retention.skip-logs': setting(YES_OR_NO, false, {
    variable: 'CLOACA_RETENTION_SKIP_LOGS',
    flag: null,
    placeholder: '',
    doc: 'keep the output of polls that started nothing',
  }),
}
