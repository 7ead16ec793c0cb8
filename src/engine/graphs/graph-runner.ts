/**
 * Runs graphs with the firings of their reactors, in order. The mark of a graph moves before the run, so a firing that
 * a killed process had is not run again. The results are counted here, and stored once a second.
 */

import { toError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { GraphDefinition } from '../../model/graphs/definitions.ts'
import type { GraphRun, ReactorFiring } from '../../model/graphs/graph-model-rows.ts'
import type { Timer } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { GraphResult } from './graph-host.ts'
import type { GraphRuns } from './graph-store.ts'

/** Maximum number of runs in one entry into Python. */
const MAX_RUNS = 200
/** Maximum number of queued runs. Reactors stop firing while the queue is full. */
const MAX_WAITING = 2_000
const REPORT_EVERY_MS = 1_000
const MAX_CLAIMED = 200

interface Counts {
  runs: number
  failures: number
  lastRun: GraphRun | null
  error: GraphRuns['error']
}

export class GraphRunner {
  readonly #ports: EnginePorts
  readonly #stopping: AbortSignal
  readonly #waiting = new Map<string, ReactorFiring[]>()
  readonly #running = new Map<string, Promise<void>>()
  /** By graph: number of next runs that are entries of their own. */
  readonly #singly = new Map<string, number>()
  readonly #counts = new Map<string, Counts>()
  #whenRoom: (() => void)[] = []
  #size = 0
  #reportTimer: Timer | null = null
  #isClaiming = false
  #isStopped = false

  constructor(ports: EnginePorts, stopping: AbortSignal) {
    this.#ports = ports
    this.#stopping = stopping
  }

  /** Queues runs for firings over which the mark has moved. */
  run(graph: string, firings: readonly ReactorFiring[]): void {
    if (this.#isStopped || firings.length === 0) return
    const waiting = this.#waiting.get(graph)
    if (waiting === undefined) this.#waiting.set(graph, [...firings])
    else waiting.push(...firings)
    this.#size += firings.length
    if (!this.#running.has(graph)) this.#running.set(graph, this.#runAll(graph))
  }

  /** Claims and runs firings that other engines made. */
  async claim(graphs: readonly string[]): Promise<void> {
    if (this.#isClaiming || this.#isStopped || graphs.length === 0) return
    this.#isClaiming = true
    try {
      for (let isMore = true; isMore && !this.#isStopped; ) {
        await this.room()
        const claims = await this.#ports.store.graphs.claimRuns(graphs, MAX_CLAIMED)
        for (const { graph, firings } of claims) this.run(graph, firings)
        isMore = claims.length > 0
      }
    } catch (thrown) {
      this.#ports.events.emit('trouble', {
        during: 'reading pending graph runs',
        error: toError(thrown),
        retryAt: null,
      })
    } finally {
      this.#isClaiming = false
    }
  }

  /** Resolves when the queue has room. */
  room(): Promise<void> {
    if (this.#size < MAX_WAITING) return Promise.resolve()
    return new Promise((resolve) => this.#whenRoom.push(resolve))
  }

  /** Resolves when all runs have ended and are recorded. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
    this.#reportTimer?.cancel()
    await this.#report()
  }

  /** Drops the queued runs. Resolves when the ended ones are recorded. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#reportTimer?.cancel()
    for (const resolve of this.#whenRoom.splice(0)) resolve()
    await this.#report()
  }

  async #runAll(graph: string): Promise<void> {
    const waiting = this.#waiting.get(graph) ?? []
    while (waiting.length > 0 && !this.#isStopped) {
      const done = await this.#runSome(graph, waiting.slice(0, this.#mostOf(graph)))
      waiting.splice(0, done)
      this.#size -= done
      if (this.#size < MAX_WAITING) for (const resolve of this.#whenRoom.splice(0)) resolve()
    }
    this.#waiting.delete(graph)
    this.#running.delete(graph)
  }

  #mostOf(graph: string): number {
    return (this.#singly.get(graph) ?? 0) > 0 ? 1 : MAX_RUNS
  }

  /** Returns the number of firings that are done, from the first on. */
  async #runSome(graph: string, firings: readonly ReactorFiring[]): Promise<number> {
    const definition = this.#ports.registry.current().graphs.graphs.get(graph)
    const { host, config } = this.#ports
    if (definition === undefined) return this.#failAll(graph, firings, gone(graph))
    const answer = await host.runGraph({
      script: definition.script,
      graph,
      payloads: firings.map(({ payloadText }) => payloadText),
      deadlineMs: config.pollDeadlineMs,
      stopping: this.#stopping,
    })
    switch (answer.kind) {
      case 'answered':
        this.#singly.set(graph, Math.max(0, (this.#singly.get(graph) ?? 0) - answer.results.length))
        this.#count(definition, firings, answer.results, answer.nodesText)
        return answer.results.length
      case 'lost':
        // Some of them may have run, and none may run twice.
        this.#singly.set(graph, MAX_WAITING)
        return this.#failAll(graph, firings, answer.error)
      case 'notServed':
        return this.#failAll(graph, firings, gone(graph))
      case 'notStarted':
        return this.#failAll(graph, firings, {
          type: 'NotRun',
          message: 'the engine stopped before the graph ran',
          traceback: '',
        })
    }
  }

  #failAll(graph: string, firings: readonly ReactorFiring[], error: PythonFault): number {
    const totals = this.#ports.events.counters.graphs.of(graph)
    totals.runs += firings.length
    totals.failures += firings.length
    const counts = this.#countsOf(graph)
    counts.runs += firings.length
    counts.failures += firings.length
    counts.error = { error, at: this.#ports.clock.now() }
    this.#failed(graph, firings[0]?.sequence ?? 0, firings.length, error)
    this.#reportLater()
    return firings.length
  }

  #count(
    { name }: GraphDefinition,
    firings: readonly ReactorFiring[],
    results: readonly GraphResult[],
    nodesText: string,
  ): void {
    const counts = this.#countsOf(name)
    const totals = this.#ports.events.counters.graphs.of(name)
    totals.runs += results.length
    const at = this.#ports.clock.now()
    for (const [index, result] of results.entries()) {
      counts.runs += 1
      if (result.kind === 'ended') continue
      counts.failures += 1
      totals.failures += 1
      counts.error = { error: result.error, at }
      this.#failed(name, firings[index]?.sequence ?? 0, 1, result.error)
    }
    const last = results.at(-1)
    const firingSequence = firings[results.length - 1]?.sequence ?? 0
    const resultText = last?.kind === 'ended' ? last.resultText : null
    counts.lastRun = { at, firingSequence, resultText, nodesText }
    this.#reportLater()
  }

  #failed(graph: string, firingSequence: number, runs: number, error: PythonFault): void {
    const { events, clock } = this.#ports
    events.emit('graphFailed', { graph, firingSequence, runs, error, at: clock.now() })
  }

  #countsOf(graph: string): Counts {
    let counts = this.#counts.get(graph)
    if (counts === undefined) {
      counts = { runs: 0, failures: 0, lastRun: null, error: null }
      this.#counts.set(graph, counts)
    }
    return counts
  }

  #reportLater(): void {
    if (this.#isStopped) return
    this.#reportTimer ??= this.#ports.clock.wakeAfter(REPORT_EVERY_MS, () => void this.#report())
  }

  /** If this fails, the counts of one second are lost. */
  async #report(): Promise<void> {
    this.#reportTimer = null
    const runs = [...this.#counts].map(([graph, counts]) => ({ graph, ...counts }))
    this.#counts.clear()
    if (runs.length === 0) return
    try {
      await this.#ports.store.graphs.recordRuns(runs)
    } catch (thrown) {
      this.#ports.events.emit('trouble', {
        during: 'storing the counts of graph runs',
        error: toError(thrown),
        retryAt: null,
      })
    }
  }
}

function gone(graph: string): PythonFault {
  return { type: 'NotRun', message: `graph "${graph}" is no longer declared`, traceback: '' }
}
