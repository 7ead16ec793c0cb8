/** `cloaca graph`: lists computation graphs, shows one, and runs one of a script. */

import { Command } from 'commander'
import type { GraphRow, Runner } from '../../index.ts'
import { graphListRecord, graphRecord } from '../../runner/records/graph-records.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { instantText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { printFields, printJson, printLine, printTable } from '../print.ts'
import { withSettings } from '../settings/flags.ts'
import { RESTRICTION_KEYS } from '../settings/restriction-keys.ts'
import { printNodes } from './nodes.ts'
import { runGraph } from './run-graph.ts'
import { topologyLines, topologyMermaid } from './topology.ts'

type ShowOptions = DatabaseOptions & { readonly mermaid?: true }

export function graphCommand(finish: (exitCode: number) => void): Command {
  const group = new Command('graph').description('list, show and run computation graphs')
  const graph = withExamples(group, 'cloaca graph list', 'cloaca graph show alarm')
  const command = (name: string, description: string, ...examples: readonly string[]) =>
    withExamples(graph.command(name).description(description), ...examples)

  withDatabase(command('list', 'list the graphs of a database', 'cloaca graph list')).action(
    (options: DatabaseOptions) => withReader(options, (runner) => list(runner, options)),
  )
  withDatabase(
    command(
      'show',
      'show a graph: nodes, last run and last error',
      'cloaca graph show alarm',
      'cloaca graph show alarm --mermaid',
    ),
  )
    .argument('<name>', 'name of the graph')
    .option('--mermaid', 'print the nodes as a Mermaid flowchart')
    .action((name: string, options: ShowOptions) => withReader(options, (runner) => show(runner, name, options)))
  const run = command(
    'run',
    'run a graph once and print its result; store nothing',
    `cloaca graph run alarm jobs/oven.py --input '{"probe": {"c": 91.5}}'`,
  )
  withSettings(run, ['python', 'python-for', ...RESTRICTION_KEYS])
    .argument('<name>', 'name of the graph')
    .argument('<places...>', 'files, folders or Python modules that declare the graph')
    .option('--input <json>', 'pass {"SOURCE": VALUE}, or a context: JSON or @FILE', '{}')
    .option('--json', 'print JSON')
    .action(async (name: string, places: string[], options: { readonly input: string; readonly json?: true }) =>
      finish(await runGraph(name, places, options)),
    )
  return graph
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const graphs = await runner.graphs.list()
  if (options.json) return printJson(graphs.map(graphListRecord))
  printTable(
    ['GRAPH', 'REACTOR', 'NODES', 'RUNS', 'FAILED', 'LAST RUN', 'LAST ERROR'],
    graphs.map((row) => [
      row.definition.name,
      row.undeclaredAt === null ? (row.definition.reactor ?? 'none (run by tasks)') : 'not declared',
      String(row.definition.nodes.length),
      String(row.runs),
      String(row.failures),
      { instant: row.lastRun?.at ?? null, missing: 'never' },
      row.lastError === null ? '' : `${row.lastError.type}: ${row.lastError.message}`,
    ]),
    'There are no graphs in this database.',
  )
}

async function show(runner: Runner, name: string, options: ShowOptions): Promise<void> {
  const row = await runner.graphs.get(name)
  const { definition, lastRun, lastError } = row
  if (options.mermaid) return topologyMermaid(definition.nodes).forEach(printLine)
  if (options.json) return printJson(graphRecord(row))
  printFields({
    graph: definition.name,
    ...(definition.description === '' ? {} : { description: definition.description }),
    reactor: definition.reactor ?? 'none (run by tasks)',
    ...runFields(row),
    script: definition.script,
    ...(definition.place === null ? {} : { 'declared in': `${definition.place.file}:${definition.place.line}` }),
    ...(row.undeclaredAt === null
      ? {}
      : { declared: `no, not in a served script since ${instantText(row.undeclaredAt)}` }),
  })
  printLine('')
  for (const line of topologyLines(definition.nodes)) printLine(line)
  if (lastRun !== null) {
    printLine('')
    printNodes(
      lastRun.nodesText,
      definition.nodes.map(({ id }) => id),
    )
  }
  if (lastError !== null) {
    printLine('')
    printLine(`Last error ${instantText(row.lastErrorAt)}`)
    const said = lastError.traceback.trimEnd() || `${lastError.type}: ${lastError.message}`
    for (const line of said.split('\n')) printLine(`  ${line}`)
  }
}

/** Runs of graphs that tasks invoke are not counted: they are parts of attempts. */
function runFields({ definition, runs, failures, lastRun }: GraphRow): Record<string, string> {
  if (definition.reactor === null) return {}
  return {
    runs: `${runs}, ${failures} failed`,
    'last run':
      lastRun === null
        ? 'never'
        : `${instantText(lastRun.at)}, started by firing ${lastRun.firingSequence} of the reactor`,
    ...(lastRun === null ? {} : { result: lastRun.resultText ?? 'none' }),
  }
}
