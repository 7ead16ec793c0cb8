/** `runner.graphs`: computation graphs, and runs of them by hand. */

import type { Engine } from '../../engine/engine.ts'
import type { RunGraphAnswer, RunGraphRequest } from '../../engine/ports.ts'
import { HostError, UsageError } from '../../errors.ts'
import { textArgument } from '../../model/arguments.ts'
import { type ContextText, checkedContextText, contextTextOf, type JsonObject } from '../../model/context.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { GraphRow, ValueText } from '../../model/graphs/rows.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { KeepAlive } from '../keep-alive.ts'

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
export class RunnerGraphs {
  readonly #alive: KeepAlive
  readonly #engine: Engine
  readonly #registry: RegistrySource
  readonly #run: (request: RunGraphRequest) => Promise<RunGraphAnswer>

  /** `run`: in the interpreters of this runner. */
  constructor(
    alive: KeepAlive,
    engine: Engine,
    registry: RegistrySource,
    run: (request: RunGraphRequest) => Promise<RunGraphAnswer>,
  ) {
    this.#alive = alive
    this.#engine = engine
    this.#registry = registry
    this.#run = run
  }

  /** Returns all graphs that were ever served on the database, by name. */
  async list(): Promise<readonly GraphRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listGraphs()
  }

  /** Returns a graph. Throws `GRAPH_NOT_FOUND`. */
  async get(graph: string): Promise<GraphRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.graph(textArgument(graph, 'graph'))
  }

  /**
   * Runs a graph of a loaded script once, without recording it. `inputs` maps names of sources to values. For a graph
   * that tasks run, `inputs` is the context. Throws `GRAPH_NOT_FOUND`, and `INVALID_CONTEXT` for an unknown source.
   */
  async run(graph: string, inputs: JsonObject = {}): Promise<GraphTest> {
    return await this.runText(graph, contextTextOf(inputs))
  }

  /** Runs a graph like `run`, with the exact JSON text of the inputs. */
  async runText(graph: string, inputsText: ContextText): Promise<GraphTest> {
    using _hold = this.#alive.hold()
    const { graphs, reactors } = this.#registry.current().graphs
    const definition = graphs.get(textArgument(graph, 'graph'))
    if (definition === undefined) throw notLoaded(graph, graphs.keys())
    const sources = definition.reactor === null ? [] : (reactors.get(definition.reactor)?.sources ?? [])
    const begunAt = performance.now()
    const answer = await this.#run({
      script: definition.script,
      graph,
      payloads: [withAllSources(graph, checkedContextText(inputsText), sources)],
      deadlineMs: this.#engine.config.pollDeadlineMs,
    })
    const durationMs = Math.round(performance.now() - begunAt)
    if (answer.kind === 'lost') throw new HostError('INTERPRETER_DIED', answer.error.message)
    if (answer.kind !== 'answered') throw notLoaded(graph, graphs.keys())
    const [result] = answer.results
    if (result === undefined || result.kind === 'ended') {
      return { resultText: result?.resultText ?? null, error: null, nodesText: answer.nodesText, durationMs }
    }
    return { resultText: null, error: result.error, nodesText: answer.nodesText, durationMs }
  }
}

/** Those that are not given are null, before the others, which win. Throws `INVALID_CONTEXT` for one that the reactor does not have. */
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
