/** `runner.graphs`: computation graphs, and runs of them by hand. */

import { HostError, UsageError } from '../../errors.ts'
import { textArgument } from '../../model/arguments.ts'
import { type ContextText, checkedContextText, type JsonObject, toContextText } from '../../model/context.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { GraphRow, ValueText } from '../../model/graphs/graph-model-rows.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Graphs as LiveGraphs } from '../graphs/hosted-graphs.ts'

/** Result of running a graph by hand. */
export interface GraphTest {
  /** JSON text of the return value of the last terminal node. Null if no terminal node ran or the graph failed. */
  readonly resultText: ValueText | null
  readonly error: PythonFault | null
  /** JSON object with the return value of each node, shortened. */
  readonly nodesText: ValueText
  readonly durationMs: number
}

/** `runner.graphs`: computation graphs. */
export class Graphs {
  readonly #ports: EnginePorts
  readonly #graphs: LiveGraphs

  /** @internal */
  constructor(ports: EnginePorts, graphs: LiveGraphs) {
    this.#ports = ports
    this.#graphs = graphs
  }

  /** Returns all graphs that were ever served on the database, by name. */
  async list(): Promise<readonly GraphRow[]> {
    await this.#graphs.sources.settled()
    return await this.#ports.store.graphs.listGraphs()
  }

  /** Returns a graph. Throws `GRAPH_NOT_FOUND`. */
  async get(graph: string): Promise<GraphRow> {
    textArgument(graph, 'graph')
    await this.#graphs.sources.settled()
    const row = await this.#ports.store.graphs.getGraph(graph)
    if (row !== null) return row
    const names = (await this.#ports.store.graphs.listGraphs()).map(({ definition }) => definition.name)
    const message = `Graph "${graph}" not found in this database.${didYouMean(graph, names)}`
    throw new UsageError('GRAPH_NOT_FOUND', message, { graph })
  }

  /**
   * Runs a graph of a loaded script once, without recording it. `inputs` maps names of sources to values. For a graph
   * that tasks run, `inputs` is the context. Throws `GRAPH_NOT_FOUND`, and `INVALID_CONTEXT` for an unknown source.
   */
  async run(graph: string, inputs: JsonObject = {}): Promise<GraphTest> {
    return await this.runText(graph, toContextText(inputs))
  }

  /** Runs a graph like `run`, with the exact JSON text of the inputs. */
  async runText(graph: string, inputsText: ContextText): Promise<GraphTest> {
    const { loaded, host, clock, config } = this.#ports
    const { graphs, reactors } = loaded.current().graphs
    const definition = graphs.get(textArgument(graph, 'graph'))
    if (definition === undefined) throw notLoaded(graph, graphs.keys())
    const sources = definition.reactor === null ? [] : (reactors.get(definition.reactor)?.sources ?? [])
    const begunAt = clock.monotonic()
    const answer = await host.runGraph({
      script: definition.script,
      graph,
      payloads: [withAllSources(graph, checkedContextText(inputsText), sources)],
      deadlineMs: config.pollDeadlineMs,
    })
    const durationMs = Math.round(clock.monotonic() - begunAt)
    if (answer.kind === 'lost') throw new HostError('INTERPRETER_DIED', answer.error.message)
    if (answer.kind !== 'answered') throw notLoaded(graph, graphs.keys())
    const [result] = answer.results
    if (result === undefined || result.kind === 'ended') {
      return { resultText: result?.resultText ?? null, error: null, nodesText: answer.nodesText, durationMs }
    }
    return { resultText: null, error: result.error, nodesText: answer.nodesText, durationMs }
  }
}

/** Adds null for each source without an input. Throws `INVALID_CONTEXT` for a source that the reactor does not have. */
function withAllSources(graph: string, inputsText: ContextText, sources: readonly string[]): ValueText {
  const given = new Set(Object.keys(JSON.parse(inputsText) as object))
  const unknown = sources.length === 0 ? undefined : [...given].find((name) => !sources.includes(name))
  if (unknown !== undefined) {
    const message = `The reactor of graph "${graph}" has no source "${unknown}".${didYouMean(unknown, sources)}`
    throw new UsageError('INVALID_CONTEXT', message, { graph })
  }
  const missing = sources.filter((source) => !given.has(source)).map((source) => `${JSON.stringify(source)}:null`)
  if (missing.length === 0) return inputsText
  const inner = inputsText.trim().slice(1)
  return `{${missing.join(',')}${inner.trim() === '}' ? '' : ','}${inner}`
}

function notLoaded(graph: string, names: Iterable<string>): UsageError {
  const message = `Graph "${graph}" not found in the loaded scripts.${didYouMean(graph, names)}`
  return new UsageError('GRAPH_NOT_FOUND', message, { graph })
}
