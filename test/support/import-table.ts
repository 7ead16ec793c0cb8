/** Who may import whom below `src/`: the table of ARCHITECTURE.md, as data. The first row that matches a file counts. */

export interface Row {
  /** Files that the row is about: the first row that matches a file counts. */
  readonly files: RegExp
  /** What they may import: paths from the root, packages, `node:` modules. */
  readonly may: readonly RegExp[]
  /** What they may import as types only. */
  readonly mayTypes?: readonly RegExp[]
}

const NODE_PURE = [/^node:(path|url|util|buffer|assert|crypto|module|events)$/]
const NODE = [/^node:/]

/** What the rooms of the engine share. */
const ENGINE_BASE =
  /^src\/engine\/(clock-port|config|due|events|firing-context|heartbeat|periodic|ports|recorded-actions|store-ports)\.ts$/

export const TABLE: readonly Row[] = [
  { files: /^src\/errors\.ts$/, may: [] },
  { files: /^src\/database\//, may: [/^src\/database\//] },
  { files: /^src\/output\//, may: [/^src\/output\//, /^src\/model\/log(-window)?\.ts$/, ...NODE] },
  { files: /^src\/model\//, may: [/^src\/model\//, /^src\/errors\.ts$/, /^ms$/] },
  { files: /^src\/patterns\//, may: [/^src\/patterns\//, /^re2js$/] },
  {
    files: /^src\/registry\//,
    may: [/^src\/registry\//, /^src\/model\//, /^src\/errors\.ts$/, /^fastest-levenshtein$/],
  },
  { files: /^src\/metrics\//, may: [/^src\/metrics\//], mayTypes: [/^src\/model\//] },
  // What users import to declare workflows and triggers: it runs nothing.
  {
    files: /^src\/authoring\//,
    may: [/^src\/(authoring|model)\//, /^src\/registry\/nearest\.ts$/, /^src\/errors\.ts$/, ...NODE_PURE],
    mayTypes: [/^src\/secrets\//, /^@standard-schema\/spec$/],
  },
  {
    files: /^src\/functions\/(calls|loading)\//,
    may: [
      /^src\/functions\/(calls|loading|promise-like\.ts$)/,
      /^src\/(authoring|model|output|secrets)\//,
      /^src\/native\/index\.ts$/,
      /^src\/errors\.ts$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  {
    files: /^src\/functions\/(isolation|blocking)\//,
    may: [
      /^src\/(functions|authoring|model|secrets)\//,
      /^src\/engine\/clock\.ts$/,
      /^src\/host\/process\/labels\.ts$/,
      /^src\/errors\.ts$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  {
    files: /^src\/functions\//,
    may: [
      /^src\/(functions|authoring|model|output|secrets)\//,
      /^src\/native\/index\.ts$/,
      /^src\/host\/process\/labels\.ts$/,
      /^src\/errors\.ts$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  // What users' unit tests import: the engine's decisions and the function host, without an engine or a store.
  {
    files: /^src\/testing\//,
    may: [
      /^src\/(testing|authoring|functions|model)\//,
      /^src\/engine\/executions\/run-state\.ts$/,
      /^src\/engine\/(firing-context|ports)\.ts$/,
      /^src\/(registry\/nearest|native\/index|secrets\/provider|errors)\.ts$/,
      ...NODE,
    ],
  },
  // Triggers, executions, cron, actions and graphs do not know each other: engine.ts joins them.
  ...['triggers', 'executions', 'cron', 'actions', 'graphs'].map((room) => ({
    files: new RegExp(`^src/engine/${room}/`),
    may: [
      new RegExp(`^src/engine/${room}/`),
      ENGINE_BASE,
      /^src\/(registry|metrics|model)\//,
      /^src\/errors\.ts$/,
      ...(room === 'cron' ? [/^croner$/] : []),
      ...(room === 'executions' ? [/^src\/patterns\/text-search\.ts$/] : []),
      ...NODE_PURE,
    ],
  })),
  // The engine's clock is the one that interpreters compare with.
  {
    files: /^src\/engine\/clock\.ts$/,
    may: [/^src\/engine\//, /^src\/border\/machine-clock\.ts$/],
  },
  {
    files: /^src\/engine\//,
    may: [/^src\/(engine|registry|metrics|model)\//, /^src\/errors\.ts$/, ...NODE_PURE],
  },
  {
    files: /^src\/threads\//,
    may: [/^src\/threads\//, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\/clock-port\.ts$/],
  },
  {
    files: /^src\/predicates\//,
    may: [/^src\/(predicates|threads|patterns)\//, /^src\/errors\.ts$/, /^@marcbachmann\/cel-js$/, ...NODE],
    mayTypes: [/^src\/engine\//],
  },
  // Its names of variables are for everybody who hands an environment on.
  {
    files: /^src\/secrets\//,
    may: [/^src\/secrets\//, /^src\/errors\.ts$/, ...NODE],
  },
  {
    files: /^src\/settings\//,
    may: [
      /^src\/(settings|model|database)\//,
      /^src\/secrets\/variables\.ts$/,
      /^src\/registry\/nearest\.ts$/,
      /^src\/errors\.ts$/,
      /^(ms|fastest-levenshtein|smol-toml)$/,
      ...NODE,
    ],
  },
  {
    files: /^src\/alerts\//,
    may: [/^src\/(alerts|model)\//, /^src\/secrets\/variables\.ts$/, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\//],
  },
  // Loaded only where an SDK is set up: everything else of it is types.
  {
    files: /^src\/tracing\//,
    may: [/^src\/(tracing|model)\//, /^src\/errors\.ts$/, /^@opentelemetry\/api$/],
    mayTypes: [/^src\/engine\//],
  },
  { files: /^src\/native\//, may: [/^src\/native\//, /^src\/errors\.ts$/, /^node-gyp-build$/, ...NODE] },
  {
    files: /^src\/store\/sqlite\/file\//,
    may: [/^src\/store\/sqlite\/file\//, /^src\/store\/[^/]+$/, /^src\/errors\.ts$/, /^better-sqlite3$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/, /^src\/metrics\//],
  },
  {
    files: /^src\/store\/sqlite\/schema\//,
    may: [/^src\/store\/sqlite\/(schema|file)\//, /^src\/store\/[^/]+$/, /^src\/errors\.ts$/],
  },
  {
    files: /^src\/store\/sqlite\//,
    may: [
      /^src\/store\//,
      /^src\/native\/index\.ts$/,
      /^src\/(metrics|model)\//,
      /^src\/errors\.ts$/,
      /^better-sqlite3$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  {
    files: /^src\/store\/postgres\/session\//,
    may: [
      /^src\/store\/postgres\/session\//,
      /^src\/store\/[^/]+$/,
      /^src\/database\//,
      /^src\/errors\.ts$/,
      /^(pg|pg-connection-string)$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/, /^src\/metrics\//],
  },
  {
    files: /^src\/store\/postgres\//,
    may: [
      /^src\/store\/(postgres\/|graphs\/|[^/]+$)/,
      /^src\/(database|metrics|model)\//,
      /^src\/errors\.ts$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/, /^pg$/],
  },
  {
    files: /^src\/store\/graphs\//,
    may: [/^src\/store\/(graphs\/|[^/]+$)/, /^src\/model\//, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  // What every store shares knows none of them.
  {
    files: /^src\/store\//,
    may: [/^src\/store\/[^/]+$/, /^src\/(database|model)\//, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/, /^src\/metrics\//],
  },
  { files: /^src\/border\//, may: [/^src\/border\//, ...NODE] },
  {
    files: /^src\/interpreter\/descriptors\//,
    may: [
      /^pyodide/,
      /^src\/interpreter\/(descriptors\/|text-for-python\.ts$)/,
      /^src\/border\//,
      /^src\/native\/handed-files\.ts$/,
      ...NODE,
    ],
    mayTypes: [/^src\/interpreter\/python-border\.ts$/],
  },
  {
    files: /^src\/interpreter\/files\//,
    may: [
      /^pyodide/,
      /^src\/interpreter\/(files|descriptors)\//,
      /^src\/border\//,
      /^src\/native\/(file-locks|handed-files)\.ts$/,
      ...NODE,
    ],
    mayTypes: [/^src\/interpreter\/python-border\.ts$/],
  },
  {
    files: /^src\/interpreter\/crypto\//,
    may: [/^src\/interpreter\/(crypto\/|descriptors\/endpoint\.ts$)/, ...NODE],
    mayTypes: [/^src\/interpreter\/python-border\.ts$/],
  },
  {
    files: /^src\/interpreter\/network\//,
    may: [/^src\/interpreter\/(network|descriptors)\//, /^src\/interpreter\/text-for-python\.ts$/, ...NODE],
    mayTypes: [/^src\/interpreter\/python-border\.ts$/],
  },
  { files: /^src\/interpreter\/zone\//, may: [/^src\/(interpreter\/zone|border)\//, /^pyodide/, ...NODE] },
  { files: /^src\/interpreter\/pyodide\//, may: [/^src\/(interpreter\/pyodide|border)\//, /^pyodide/, ...NODE] },
  {
    files: /^src\/interpreter\/children\//,
    may: [/^src\/interpreter\/(children|descriptors)\//, /^src\/border\//, /^src\/native\/child-group\.ts$/, ...NODE],
    mayTypes: [/^src\/interpreter\/python-border\.ts$/],
  },
  {
    files: /^src\/interpreter\/stacks\//,
    may: [
      /^src\/interpreter\/(stacks\/|text-for-python\.ts$)/,
      /^src\/border\//,
      /^src\/native\/control-thread\.ts$/,
      /^pyodide/,
      ...NODE,
    ],
  },
  {
    files: /^src\/interpreter\/output\//,
    may: [/^src\/interpreter\/output\//, /^src\/(border|output)\//, /^src\/model\/(log|fault)\.ts$/, ...NODE],
    mayTypes: [/^src\/interpreter\/signal-mailbox\.ts$/],
  },
  {
    files: /^src\/interpreter\/restriction\//,
    may: [/^src\/(interpreter|border)\//, /^src\/native\/(restriction\/|file-locks\.ts$)/, /^pyodide/, ...NODE],
  },
  {
    files: /^src\/interpreter\//,
    may: [
      /^src\/(interpreter|border|output)\//,
      /^src\/errors\.ts$/,
      /^src\/native\/(file-locks|control-thread)\.ts$/,
      /^pyodide/,
      /^better-sqlite3$/,
      ...NODE,
    ],
  },
  {
    files: /^src\/host\/restriction\//,
    may: [
      /^src\/(host\/(restriction\/|environment\/(by-place|cache-folder|module-folders)\.ts$)|border\/)/,
      /^src\/native\/restriction\//,
      /^src\/errors\.ts$/,
      ...NODE,
    ],
  },
  {
    files: /^src\/host\/environment\//,
    may: [
      /^src\/(host\/(environment|restriction)|border)\//,
      /^src\/settings\/trusted-owner\.ts$/,
      /^src\/errors\.ts$/,
      ...NODE,
    ],
  },
  {
    files: /^src\/host\/peers\//,
    may: [/^src\/(host\/(peers|environment)|border|native\/restriction)\//, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  {
    files: /^src\/host\/cpython\//,
    may: [/^src\/(host\/(cpython|peers|process|environment)|border)\//, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  // In place of what starts interpreters.
  {
    files: /^src\/host\/parent\//,
    may: [/^src\/host\/(parent|process|peers|environment)\//, /^src\/border\//, /^src\/errors\.ts$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  {
    files: /^src\/host\/process\//,
    may: [
      /^src\/host\/(process|peers|environment|restriction)\//,
      /^src\/(border|model|native\/restriction)\//,
      /^src\/errors\.ts$/,
      /^valibot$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\/ports\.ts$/, /^src\/metrics\//],
  },
  {
    files: /^src\/host\/scripts\//,
    may: [/^src\/host\/(scripts|process)\//, /^src\/(border|model)\//, /^src\/errors\.ts$/, /^valibot$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/],
  },
  {
    files: /^src\/host\//,
    may: [/^src\/(host|border|model)\//, /^src\/errors\.ts$/, /^valibot$/, ...NODE],
    mayTypes: [/^src\/engine\/ports\.ts$/, /^src\/metrics\//],
  },
  // The client of Kafka may not be installed: it is loaded where a topic is opened.
  {
    files: /^src\/streams\//,
    may: [/^src\/streams\//, /^src\/errors\.ts$/, /^@platformatic\/kafka$/, ...NODE],
    mayTypes: [/^src\/engine\/graphs\/streams\.ts$/],
  },
  {
    files: /^src\/default-runner\//,
    may: [
      /^src\/(default-runner|database|model|secrets)\//,
      /^src\/errors\.ts$/,
      /^src\/host\/script-call\.ts$/,
      /^src\/border\/protocol\.ts$/,
      /^valibot$/,
      ...NODE,
    ],
    mayTypes: [/^src\/engine\//],
  },
  { files: /^src\/runner\//, may: [/^src\/(?!cli|http|page|index)/, /^ms$/, ...NODE] },
  // Everything goes through the Node API; what that gives becomes JSON in one place.
  {
    files: /^src\/http\//,
    may: [
      /^src\/(http|metrics|model|runner\/records|threads)\//,
      /^src\/(errors|native\/index|engine\/(clock|settings-check))\.ts$/,
      /^(hono|@hono\/node-server|valibot|@valibot\/to-json-schema)$/,
      ...NODE,
    ],
    mayTypes: [/^src\/(runner|engine)\//],
  },
  // It runs in browsers: of the rest it knows the shapes of what it is answered.
  {
    files: /^src\/page\//,
    may: [/^src\/page\//, /^preact(\/hooks)?$/, /^@preact\/signals$/, /^@dagrejs\/dagre$/],
    mayTypes: [/^src\/http\/schemas\//, /^valibot$/],
  },
  { files: /^src\/index\.ts$/, may: [/^src\/(?!cli|page)/] },
  {
    files: /^src\/cli\//,
    may: [
      /^src\/(cli|database|output|settings)\//,
      /^src\/(index|errors)\.ts$/,
      /^src\/runner\/(program|project-options|script-sources|start\/[^/]+)\.ts$/,
      /^src\/runner\/records\//,
      /^src\/http\/server\.ts$/,
      /^src\/host\/environment\/cache-folder\.ts$/,
      /^src\/host\/cpython\/become-python\.ts$/,
      /^src\/functions\/calls\/faults\.ts$/,
      /^src\/model\/(instant|fault)\.ts$/,
      /^src\/patterns\//,
      /^chokidar$/,
      /^commander$/,
      /^pino$/,
      /^ms$/,
      /^string-width$/,
      ...NODE,
    ],
  },
]
