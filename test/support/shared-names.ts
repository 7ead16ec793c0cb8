/** Finds names that several rooms of `src` declare and export, so that a reader can find a declaration by its name. */

interface File {
  readonly path: string
  readonly text: string
}

interface SharedNames {
  readonly names: readonly string[]
  /** Reason why the rooms share the names. */
  readonly reason: string
}

/** Names that several rooms may declare. */
export const SHARED_NAMES: readonly SharedNames[] = [
  {
    names: [
      'Execution',
      'ExecutionStatus',
      'LogRecord',
      'ReactorInput',
      'SourceEvent',
      'Subscription',
      'TaskStatus',
      'TickDetail',
      'TickOutcome',
      'Trigger',
      'Workflow',
      'WorkflowStats',
      'WorkflowSummary',
      'RecentExecution',
      'ExecutionTasks',
    ],
    reason: 'The page reads these values as JSON, and derives their types from the schemas of the server.',
  },
  { names: ['TaskRun'], reason: 'The name is public in both entry points of the package.' },
  { names: ['Engine', 'Signals'], reason: 'The border inside an interpreter has the names of its twin in Python.' },
]

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|const|enum|function\*?|interface|let|type) (\w+)/gm

/** Returns the names that files of several rooms export, each as `name: file, file`. A room is a folder of `src`. */
export function namesOfSeveralRooms(files: readonly File[]): string[] {
  const declarations = files.flatMap(({ path, text }) =>
    [...new Set([...text.matchAll(DECLARATION)].map(([, name = '']) => name))].map((name) => ({ name, path })),
  )
  return [...Map.groupBy(declarations, ({ name }) => name)]
    .filter(([, found]) => new Set(found.map(({ path }) => path.split('/')[1])).size > 1)
    .map(([name, found]) => `${name}: ${found.map(({ path }) => path).join(', ')}`)
    .sort()
}
