/** Permitted imports below `src/`, each with its reason. Used by `architecture.test.ts`. */

import type { Row } from './import-rows.ts'
import { INTERPRETER_ROWS } from './import-table-interpreter.ts'

const NODE_PURE = [/^node:(path|url|util|buffer|assert|crypto|module|events)$/]
const NODE = [/^node:/]

/** Files that the rooms of the engine share. */
const ENGINE_BASE =
  /^src\/engine\/(clock-port|engine-config|due|engine-options|engine-events|starts\/[^/]+|heartbeat|limits\/[^/]+|periodic|ports|backoff\/(backoff|reconciler|retried-writes)|store|store-ports|log-ports|incidents\/(incident-(report|store)|failure-reports|deadline-judge))\.ts$/

const ERRORS = /^src\/errors\.ts$/
/** Files that declare the ports of the engine. */
const PORTS =
  /^src\/engine\/(ports|clock-port|store|store-ports|log-ports|batches\/batch-store|chains\/chain-store|starts\/new-executions|triggers\/poll-records|waits\/(wait|signal|approval)-store|cron\/cron-store|limits\/limit-store|graphs\/(graph-host|graph-store|stream-port)|search\/search-store|incidents\/(incident-(report|store)|failure-reports))\.ts$/
/** Validator of options, and the library of its schemas. */
const OPTIONS = [/^src\/options\//, /^valibot$/]
const ADDON = /^src\/native\/index\.ts$/
const CALLS_OF_HOST = /^src\/host\/process\/(labels|call-outcomes)\.ts$/

export const TABLE: readonly Row[] = [
  {
    files: /^src\/errors\.ts$/,
    reason: 'Every folder throws these errors, so the file imports none of them.',
    may: [],
  },
  {
    files: /^src\/database\//,
    reason: 'Settings, stores and commands read names of databases without loading a store.',
    may: [ERRORS, /^node:url$/],
  },
  {
    files: /^src\/output\//,
    reason: 'Both processes write output, so the folder imports nothing that belongs to one of them.',
    may: [/^src\/model\/logs\//, ...NODE],
  },
  {
    files: /^src\/model\//,
    reason: 'Plain values and their checks, which every room uses and which therefore do no I/O.',
    may: [ERRORS, /^ms$/],
  },
  {
    files: /^src\/patterns\//,
    reason: 'Searching text in linear time is independent of the engine, and only this folder loads `re2js`.',
    may: [/^re2js$/],
  },
  {
    files: /^src\/forms\//,
    reason: 'Checking values against a schema is independent of the engine, and only this folder loads `ajv`.',
    may: [/^src\/(model|patterns)\//, /^ajv(-formats|\/dist\/2020\.js)$/, /^node:vm$/],
  },
  {
    files: /^src\/registry\//,
    reason: 'Declarations are checked as values, before a host or a store receives them.',
    may: [/^src\/model\//, ERRORS, /^fastest-levenshtein$/],
  },
  {
    files: /^src\/options\//,
    reason: 'One validator checks the options of all entry points, so it belongs to none of them.',
    may: [/^src\/model\//, /^src\/registry\/nearest\.ts$/, ERRORS, /^valibot$/],
  },
  {
    files: /^src\/metrics\//,
    reason: 'Counters depend neither on the code that increments them nor on the code that reads them.',
    may: [],
    mayTypes: [/^src\/model\//],
  },
  {
    files: /^src\/authoring\//,
    reason: 'Users import it to declare workflows, so importing it starts nothing and loads no engine.',
    may: [
      /^src\/model\//,
      /^src\/registry\/nearest\.ts$/,
      ERRORS,
      ...OPTIONS,
      ...NODE_PURE,
      /^@valibot\/to-json-schema$/,
    ],
    mayTypes: [/^src\/secrets\//, /^@standard-schema\/spec$/],
  },
  {
    files: /^src\/functions\/(calls|loading)\//,
    reason: 'Worker threads of scripts load it too, so it imports nothing that belongs to the engine.',
    may: [
      /^src\/functions\/(context-values|promise-like)\.ts$/,
      /^src\/(authoring|model|output|secrets)\//,
      ADDON,
      ERRORS,
      ...NODE,
    ],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/functions\/(isolation|blocking)\//,
    reason: 'Both folders supervise a thread, and measure its time with the clock of the engine.',
    may: [
      /^src\/(functions|authoring|model|output|secrets)\//,
      /^src\/engine\/system-clock\.ts$/,
      ADDON,
      CALLS_OF_HOST,
      ERRORS,
      ...NODE,
    ],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/functions\//,
    reason: 'Implements the port of the engine for TypeScript; it shares names of calls and outcomes with the host.',
    may: [/^src\/(authoring|model|output|secrets)\//, ADDON, CALLS_OF_HOST, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/testing\//,
    reason: 'Unit tests of users run the decisions of the engine and the function host, without an engine or a store.',
    may: [
      /^src\/(authoring|functions|model)\//,
      /^src\/engine\/(executions\/(run-(state|update)|attempts\/settled)|starts\/firing-context|engine-config)\.ts$/,
      /^src\/engine\/(limits\/limit-keys|waits\/(answer-values|payload-check))\.ts$/,
      /^src\/(registry\/nearest|secrets\/provider)\.ts$/,
      ...[ADDON, ERRORS, ...OPTIONS],
      ...NODE,
    ],
    mayTypes: [PORTS],
  },
  ...['triggers', 'executions', 'cron', 'actions', 'graphs'].map((room) => ({
    files: new RegExp(`^src/engine/${room}/`),
    reason: 'Triggers, executions, cron, actions and graphs do not import each other: `engine.ts` connects them.',
    may: [
      ENGINE_BASE,
      /^src\/((registry|metrics|model)\/|errors\.ts$)/,
      ...(room === 'cron' ? [/^croner$/] : []),
      ...(room === 'executions' ? [/^src\/engine\/waits\//, /^src\/patterns\/text-search\.ts$/] : []),
      ...(room === 'triggers' ? OPTIONS : []),
      ...NODE_PURE,
    ],
  })),
  {
    files: /^src\/engine\/system-clock\.ts$/,
    reason: 'The engine and the interpreters compare times of the same monotonic clock.',
    may: [/^src\/engine\//, /^src\/border\/machine-clock\.ts$/],
  },
  {
    files: /^src\/engine\//,
    reason: 'The engine decides; stores, hosts and clocks implement its ports, so it imports none of them.',
    may: [/^src\/(registry|metrics|model|forms)\//, ERRORS, ...OPTIONS, ...NODE_PURE],
  },
  {
    files: /^src\/threads\//,
    reason: 'The time limit of a thread does not depend on the work that the thread does.',
    may: [ERRORS, ...NODE],
    mayTypes: [/^src\/engine\/clock-port\.ts$/],
  },
  {
    files: /^src\/predicates\//,
    reason: 'Strangers write expressions, so a thread with a budget evaluates them behind an interface.',
    may: [/^src\/(threads|patterns)\//, ERRORS, /^@marcbachmann\/cel-js$/, ...NODE],
    mayTypes: [/^src\/engine\//],
  },
  {
    files: /^src\/secrets\//,
    reason: 'Every room that passes an environment to a process needs the names of the variables that hold secrets.',
    may: [ERRORS, ...NODE],
  },
  {
    files: /^src\/settings\//,
    reason: 'Settings are read before an engine exists, so reading them loads no part of it.',
    may: [
      /^src\/(model|database|options)\//,
      /^src\/(secrets\/variables|registry\/nearest|errors)\.ts$/,
      /^(fastest-levenshtein|smol-toml|valibot)$/,
      ...NODE,
    ],
  },
  {
    files: /^src\/alerts\//,
    reason: 'Alerts listen to events; the engine runs without them.',
    may: [/^src\/model\//, /^src\/secrets\/variables\.ts$/, ERRORS, ...NODE],
    mayTypes: [/^src\/engine\//],
  },
  {
    files: /^src\/tracing\//,
    reason: 'Spans need an SDK that users install, so no other code depends on them.',
    may: [/^src\/model\//, ERRORS, /^@opentelemetry\/api$/],
    mayTypes: [/^src\/engine\//],
  },
  {
    files: /^src\/native\//,
    reason: 'The process of an interpreter loads the addon too, so it imports nothing that belongs to the engine.',
    may: [ERRORS, /^node-gyp-build$/, ...NODE],
  },
  {
    files: /^src\/store\/sqlite\/file\//,
    reason: 'Opening, locking and committing a file does not depend on its tables.',
    may: [/^src\/store\/[^/]+$/, /^src\/database\//, ERRORS, /^better-sqlite3$/, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/store\/sqlite\/schema\//,
    reason: 'Migrations run before any step, so they need only the open file.',
    may: [/^src\/store\/(schema\/|sqlite\/file\/|[^/]+$)/, /^src\/database\//, ERRORS],
  },
  {
    files: /^src\/store\/sqlite\//,
    reason: 'Implements the port of the engine on SQLite, without code of the other store.',
    may: [/^src\/store\/(steps\/|sql\/|[^/]+$)/, /^src\/(database|metrics|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/store\/postgres\/session\//,
    reason: 'Only this folder loads `pg`. Of the tables it knows only the statements that it gives to the steps.',
    may: [
      /^src\/store\/([^/]+|postgres\/postgres-sql\.ts)$/,
      /^src\/database\//,
      ERRORS,
      /^pg(-connection-string)?$/,
      ...NODE,
    ],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/store\/postgres\//,
    reason: 'Implements the port of the engine on PostgreSQL, without code of the other store.',
    may: [/^src\/store\/(schema\/|steps\/|sql\/|[^/]+$)/, /^src\/(database|metrics|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS, /^pg$/],
  },
  {
    files: /^src\/tenants\//,
    reason: 'An administrator opens connections and builds tables as the store on PostgreSQL does, without its steps.',
    may: [/^src\/(store\/(store-failures\.ts|postgres\/(schema|session))|database|model|options)/, ERRORS, ...NODE],
    mayTypes: [/^pg$/],
  },
  {
    files: /^src\/store\/schema\//,
    reason: 'Tables are created before any step runs, so they depend on no other code.',
    may: [ERRORS],
  },
  {
    files: /^src\/store\//,
    reason: 'Code that both stores share imports neither of them.',
    may: [/^src\/store\/(steps\/|sql\/|[^/]+$)/, /^src\/(database|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  ...INTERPRETER_ROWS,
  {
    files: /^src\/host\/restriction\//,
    reason: 'What scripts may reach is translated to flags of Node and rules of the kernel before a process starts.',
    may: [
      /^src\/host\/environment\/(by-place|cache-folder|module-folders|python-choice)\.ts$/,
      /^src\/(border|native\/restriction)\//,
      ERRORS,
      ...NODE,
    ],
  },
  {
    files: /^src\/host\/environment\//,
    reason: 'Files and variables are prepared in the same way for every kind of process.',
    may: [/^src\/(host\/restriction|border)\//, /^src\/settings\/trusted-owner\.ts$/, ERRORS, ...NODE],
  },
  {
    files: /^src\/host\/peers\//,
    reason: 'Starting and killing a process does not depend on its scripts or on its supervision.',
    may: [/^src\/(host\/environment|border|native\/restriction)\//, /^src\/native\/handed-files\.ts$/, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/host\/cpython\//,
    reason: 'Once a CPython is found and started, it is supervised like any other interpreter.',
    may: [/^src\/(host\/(peers|process|environment)|border)\//, /^src\/native\/binary\.ts$/, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/host\/parent\//,
    reason: 'Takes the place of the code that starts interpreters if a Python program has started the engine.',
    may: [/^src\/(host\/(process|peers|environment)|border)\//, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/host\/process\//,
    reason: 'One interpreter is supervised in the same way, whichever scripts it has.',
    may: [
      /^src\/host\/(peers|environment|restriction)\//,
      /^src\/(border|model|output|native\/restriction)\//,
      ERRORS,
      /^valibot$/,
      ...NODE,
    ],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/host\/scripts\//,
    reason: 'Generations of scripts use one process, and do not depend on its kind.',
    may: [/^src\/(host\/process|border|model)\//, ERRORS, /^valibot$/, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/host\//,
    reason: 'Implements the port of the engine for Python; it decides nothing and stores nothing.',
    may: [/^src\/(border|model|output)\//, ERRORS, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/streams\//,
    reason: 'The client of Kafka is optional and loaded when a topic is opened, so no other folder loads it.',
    may: [ERRORS, /^@platformatic\/kafka$/, ...NODE],
    mayTypes: [/^src\/engine\/graphs\/stream-port\.ts$/],
  },
  {
    files: /^src\/default-runner\//,
    reason: 'Answers calls of scripts with an engine that it is given, so it imports only types of the engine.',
    may: [
      /^src\/(database|model|secrets)\//,
      /^src\/(errors|host\/(script-call|restriction\/granted)|border\/(protocol|grants|kept-files))\.ts$/,
      /^valibot$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\//, /^src\/host\/restriction\/restriction\.ts$/],
  },
  {
    files: /^src\/runner\//,
    reason: 'Composes all rooms below it; HTTP and the command line use it, so it imports neither.',
    may: [/^src\/(?!cli|http|page|index)/, /^valibot$/, ...NODE],
  },
  {
    files: /^src\/http\//,
    reason: 'HTTP calls the Node API as users do, and `runner/records/` converts its values to JSON.',
    may: [
      /^src\/(metrics|model|options|runner\/records|threads)\//,
      /^src\/(errors|native\/index|engine\/system-clock)\.ts$/,
      /^(hono|@hono\/node-server|valibot|@valibot\/to-json-schema)$/,
      ...NODE,
    ],
    mayTypes: [/^src\/(runner|engine)\//],
  },
  {
    files: /^src\/page\//,
    reason: 'The page runs in browsers, so it shares with the server only the types of answers.',
    may: [
      /^src\/(model\/rules\/rule-text|runner\/records\/wait-words)\.ts$/,
      /^preact(\/hooks)?$/,
      /^@preact\/signals$/,
      /^@dagrejs\/dagre$/,
    ],
    mayTypes: [/^src\/http\/schemas\//, /^valibot$/],
  },
  {
    files: /^src\/index\.ts$/,
    reason: 'Exports the Node API, which does not include the command line and the page.',
    may: [/^src\/(?!cli|page)/],
  },
  {
    files: /^src\/cli\//,
    reason: 'Commands call the Node API, and import the few files that start a program before the engine is loaded.',
    may: [
      /^src\/(database|options|output|patterns|settings|runner\/records)\//,
      /^src\/(index|errors)\.ts$/,
      /^src\/runner\/(python-program|script-sources|start\/[^/]+)\.ts$/,
      /^src\/(http\/server|native\/handed-files|host\/(environment\/cache-folder|cpython\/become-python)|functions\/calls\/faults)\.ts$/,
      /^src\/model\/(rules\/rule-text|time\/(duration|instant|poll-wait)|limits\/(limits|limit-rate)|fault)\.ts$/,
      /^(chokidar|commander|pino|string-width|valibot)$/,
      ...NODE,
    ],
  },
]
