/** Permitted imports below `src/`, each with its reason. Used by `architecture.test.ts`. */

import type { Row } from './import-rows.ts'

const NODE_PURE = [/^node:(path|url|util|buffer|assert|crypto|module|events)$/]
const NODE = [/^node:/]

/** Files that the rooms of the engine share. */
const ENGINE_BASE =
  /^src\/engine\/(clock-port|config|due|events|firing-context|heartbeat|periodic|ports|actions\/recorded-actions|store|store-ports)\.ts$/

const ERRORS = /^src\/errors\.ts$/
const PORTS = /^src\/engine\/ports\.ts$/
const ADDON = /^src\/native\/index\.ts$/
const BORDER = /^src\/border\//
const PYTHON_BORDER = /^src\/interpreter\/python-border\.ts$/
const PYODIDE = /^pyodide/

export const TABLE: readonly Row[] = [
  {
    files: /^src\/errors\.ts$/,
    reason: 'Every folder throws these errors, so the file imports none of them.',
    may: [],
  },
  {
    files: /^src\/database\//,
    reason: 'Settings, stores and commands read names of databases without loading a store.',
    may: [],
  },
  {
    files: /^src\/output\//,
    reason: 'Both processes write output, so the folder imports nothing that belongs to one of them.',
    may: [/^src\/model\/log(-window)?\.ts$/, ...NODE],
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
    files: /^src\/registry\//,
    reason: 'Declarations are checked as values, before a host or a store receives them.',
    may: [/^src\/model\//, ERRORS, /^fastest-levenshtein$/],
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
    may: [/^src\/model\//, /^src\/registry\/nearest\.ts$/, ERRORS, ...NODE_PURE],
    mayTypes: [/^src\/secrets\//, /^@standard-schema\/spec$/],
  },
  {
    files: /^src\/functions\/(calls|loading)\//,
    reason: 'Worker threads of scripts load it too, so it imports nothing that belongs to the engine.',
    may: [/^src\/functions\/promise-like\.ts$/, /^src\/(authoring|model|output|secrets)\//, ADDON, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/functions\/(isolation|blocking)\//,
    reason: 'Both folders supervise a thread, and measure its time with the clock of the engine.',
    may: [
      /^src\/(functions|authoring|model|secrets)\//,
      /^src\/engine\/clock\.ts$/,
      /^src\/host\/process\/labels\.ts$/,
      ERRORS,
      ...NODE,
    ],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/functions\//,
    reason: 'Implements the port of the engine for TypeScript; it shares only names of calls with the host.',
    may: [/^src\/(authoring|model|output|secrets)\//, ADDON, /^src\/host\/process\/labels\.ts$/, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/testing\//,
    reason: 'Unit tests of users run the decisions of the engine and the function host, without an engine or a store.',
    may: [
      /^src\/(authoring|functions|model)\//,
      /^src\/engine\/(executions\/run-state|firing-context|ports)\.ts$/,
      /^src\/(registry\/nearest|native\/index|secrets\/provider|errors)\.ts$/,
      ...NODE,
    ],
  },
  ...['triggers', 'executions', 'cron', 'actions', 'graphs'].map((room) => ({
    files: new RegExp(`^src/engine/${room}/`),
    reason: 'Triggers, executions, cron, actions and graphs do not import each other: `engine.ts` connects them.',
    may: [
      ENGINE_BASE,
      /^src\/(registry|metrics|model)\//,
      ERRORS,
      ...(room === 'cron' ? [/^croner$/] : []),
      ...(room === 'executions' ? [/^src\/patterns\/text-search\.ts$/] : []),
      ...NODE_PURE,
    ],
  })),
  {
    files: /^src\/engine\/clock\.ts$/,
    reason: 'The engine and the interpreters compare times of the same monotonic clock.',
    may: [/^src\/engine\//, /^src\/border\/machine-clock\.ts$/],
  },
  {
    files: /^src\/engine\//,
    reason: 'The engine decides; stores, hosts and clocks implement its ports, so it imports none of them.',
    may: [/^src\/(registry|metrics|model)\//, ERRORS, ...NODE_PURE],
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
      /^src\/(model|database)\//,
      /^src\/(secrets\/variables|registry\/nearest)\.ts$/,
      ERRORS,
      /^(fastest-levenshtein|smol-toml)$/,
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
    may: [/^src\/store\/[^/]+$/, ERRORS, /^better-sqlite3$/, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/store\/sqlite\/schema\//,
    reason: 'Migrations run before any step, so they need only the open file.',
    may: [/^src\/store\/(schema\/|sqlite\/file\/|[^/]+$)/, ERRORS],
  },
  {
    files: /^src\/store\/sqlite\//,
    reason: 'Implements the port of the engine on SQLite, without code of the other store.',
    may: [/^src\/store\/(graphs\/|steps\/|sql\/|[^/]+$)/, /^src\/(metrics|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/store\/postgres\/session\//,
    reason: 'Only this folder loads `pg`. Of the tables it knows only the statements that it gives to the steps.',
    may: [/^src\/store\/([^/]+|postgres\/sql\.ts)$/, /^src\/database\//, ERRORS, /^pg(-connection-string)?$/, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/store\/postgres\//,
    reason: 'Implements the port of the engine on PostgreSQL, without code of the other store.',
    may: [/^src\/store\/(graphs\/|schema\/|steps\/|sql\/|[^/]+$)/, /^src\/(database|metrics|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS, /^pg$/],
  },
  {
    files: /^src\/store\/schema\//,
    reason: 'Tables are created before any step runs, so they depend on no other code.',
    may: [],
  },
  {
    files: /^src\/store\/graphs\//,
    reason: 'Decisions about events and values are made without a database, so that both stores make the same ones.',
    may: [/^src\/store\/[^/]+$/, /^src\/model\//, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/store\//,
    reason: 'Code that both stores share imports neither of them.',
    may: [/^src\/store\/(graphs\/|steps\/|sql\/|[^/]+$)/, /^src\/(database|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/border\//,
    reason: 'Both processes load the messages, so the folder imports nothing that belongs to one of them.',
    may: NODE,
  },
  {
    files: /^src\/interpreter\/descriptors\//,
    reason: 'Files, network and children are built on descriptors, so descriptors import none of them.',
    may: [PYODIDE, BORDER, /^src\/native\/handed-files\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/files\//,
    reason: 'Files use descriptors, and the addon locks them and creates named pipes.',
    may: [PYODIDE, /^src\/interpreter\/descriptors\//, /^src\/native\/(file-locks|handed-files)\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/crypto\//,
    reason: 'Digests are computed by Node; only the reading of bytes is shared with descriptors.',
    may: [/^src\/interpreter\/descriptors\/endpoint\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/network\//,
    reason: 'Sockets are descriptors, and need no other room.',
    may: [/^src\/interpreter\/descriptors\//, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/zone\//,
    reason: "The time zone of Python's C library does not depend on the other rooms.",
    may: [BORDER, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\/pyodide\//,
    reason: 'Pyodide is compiled and restored first, before the other rooms are needed.',
    may: [BORDER, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\/children\//,
    reason: 'Child processes inherit descriptors, and the addon starts them in process groups.',
    may: [/^src\/interpreter\/descriptors\//, BORDER, /^src\/native\/child-group\.ts$/, ...NODE],
    mayTypes: [PYTHON_BORDER],
  },
  {
    files: /^src\/interpreter\/stacks\//,
    reason: 'How a stack is suspended does not depend on what it waits for.',
    may: [/^src\/interpreter\/text-for-python\.ts$/, BORDER, /^src\/native\/control-thread\.ts$/, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\/output\//,
    reason: 'Printed text becomes log pieces of the model; the mailbox interrupts a wait for a slow reader.',
    may: [/^src\/(border|output)\//, /^src\/model\/(log|fault)\.ts$/, ...NODE],
    mayTypes: [/^src\/interpreter\/signal-mailbox\.ts$/],
  },
  {
    files: /^src\/interpreter\/restriction\//,
    reason: 'It restricts what the other rooms do, so it may import each of them.',
    may: [/^src\/(interpreter|border)\//, /^src\/native\/(restriction\/|file-locks\.ts$)/, PYODIDE, ...NODE],
  },
  {
    files: /^src\/interpreter\//,
    reason: 'Connects the rooms of an interpreter, which runs in a process without an engine.',
    may: [
      /^src\/(border|output)\//,
      ERRORS,
      /^src\/native\/(file-locks|control-thread)\.ts$/,
      PYODIDE,
      /^better-sqlite3$/,
      ...NODE,
    ],
  },
  {
    files: /^src\/host\/restriction\//,
    reason: 'What scripts may reach is translated to flags of Node and rules of the kernel before a process starts.',
    may: [
      /^src\/host\/environment\/(by-place|cache-folder|module-folders)\.ts$/,
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
    may: [/^src\/(host\/environment|border|native\/restriction)\//, ERRORS, ...NODE],
    mayTypes: [PORTS],
  },
  {
    files: /^src\/host\/cpython\//,
    reason: 'Once a CPython is found and started, it is supervised like any other interpreter.',
    may: [/^src\/(host\/(peers|process|environment)|border)\//, ERRORS, ...NODE],
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
      /^src\/(border|model|native\/restriction)\//,
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
    may: [/^src\/(border|model)\//, ERRORS, ...NODE],
    mayTypes: [PORTS, /^src\/metrics\//],
  },
  {
    files: /^src\/streams\//,
    reason: 'The client of Kafka is optional and loaded when a topic is opened, so no other folder loads it.',
    may: [ERRORS, /^@platformatic\/kafka$/, ...NODE],
    mayTypes: [/^src\/engine\/graphs\/streams\.ts$/],
  },
  {
    files: /^src\/default-runner\//,
    reason: 'Answers calls of scripts with an engine that it is given, so it imports only types of the engine.',
    may: [
      /^src\/(database|model|secrets)\//,
      /^src\/(errors|host\/script-call|border\/protocol)\.ts$/,
      /^valibot$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\//],
  },
  {
    files: /^src\/runner\//,
    reason: 'Composes all rooms below it; HTTP and the command line use it, so it imports neither.',
    may: [/^src\/(?!cli|http|page|index)/, ...NODE],
  },
  {
    files: /^src\/http\//,
    reason: 'HTTP calls the Node API as users do, and `runner/records/` converts its values to JSON.',
    may: [
      /^src\/(metrics|model|runner\/records|threads)\//,
      /^src\/(errors|native\/index|registry\/nearest|engine\/(clock|settings-check))\.ts$/,
      /^(hono|@hono\/node-server|valibot|@valibot\/to-json-schema)$/,
      ...NODE,
    ],
    mayTypes: [/^src\/(runner|engine)\//],
  },
  {
    files: /^src\/page\//,
    reason: 'The page runs in browsers, so it shares with the server only the types of answers.',
    may: [/^src\/runner\/records\/rule-text\.ts$/, /^preact(\/hooks)?$/, /^@preact\/signals$/, /^@dagrejs\/dagre$/],
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
      /^src\/(database|output|patterns|settings|runner\/records)\//,
      /^src\/(index|errors)\.ts$/,
      /^src\/runner\/(program|project-options|script-sources|start\/[^/]+)\.ts$/,
      /^src\/(http\/server|host\/(environment\/cache-folder|cpython\/become-python)|functions\/calls\/faults)\.ts$/,
      /^src\/model\/(time\/(duration|instant)|fault)\.ts$/,
      /^(chokidar|commander|pino|string-width)$/,
      ...NODE,
    ],
  },
]
