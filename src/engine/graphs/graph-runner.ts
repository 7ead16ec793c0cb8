/**
 * Runs graphs with the firings of their reactors, each graph in the order of the firings. The mark of a graph is moved
 * before it runs, so each runs at most once for a firing: what a killed process had in hand is not run again. What the runs come to
 * is counted here, and stored once a second.
 */

import { toError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { GraphDefinition } from '../../model/graphs/definitions.ts'
import type { GraphRun, ReactorFiring } from '../../model/graphs/rows.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, Timer } from '../ports.ts'
import type { GraphStore } from '../store.ts'
import type { GraphHost, GraphResult } from './graph-host.ts'
import type { GraphRuns } from './graph-store.ts'

/** Runs in one entry into Python. */
const MOST_RUNS = 200
/** Beyond this no more firings are made. */
const MOST_WAITING = 2_000
const REPORT_EVERY_MS = 1_000
/** Firings that are claimed at once where a graph is behind. */
const MOST_CLAIMED = 200

export interface GraphRunnerPorts {
  readonly store: GraphStore
  readonly host: GraphHost
  readonly clock: Clock
  readonly events: EngineEvents
  readonly registry: RegistrySource
  readonly pollDeadlineMs: number
  readonly stopping: AbortSignal
}

interface Counts {
  runs: number
  failures: number
  lastRun: GraphRun | null
  error: GraphRuns['error']
}

export class GraphRunner {
  readonly #ports: GraphRunnerPorts
  readonly #waiting = new Map<string, ReactorFiring[]>()
  readonly #running = new Map<string, Promise<void>>()
  /** By graph: so many of its next runs are entries of their own. */
  readonly #singly = new Map<string, number>()
  readonly #counts = new Map<string, Counts>()
  #whenRoom: (() => void)[] = []
  #size = 0
  #reportTimer: Timer | null = null
  #isClaiming = false
  #isStopped = false

  constructor(ports: GraphRunnerPorts) {
    this.#ports = ports
  }

  /** With firings whose marks are moved. */
  run(graph: string, firings: readonly ReactorFiring[]): void {
    if (this.#isStopped || firings.length === 0) return
    const waiting = this.#waiting.get(graph)
    if (waiting === undefined) this.#waiting.set(graph, [...firings])
    else waiting.push(...firings)
    this.#size += firings.length
    if (!this.#running.has(graph)) this.#running.set(graph, this.#runAll(graph))
  }

  /** Graphs of this process may be behind firings that others made. */
  async claim(graphs: readonly string[]): Promise<void> {
    if (this.#isClaiming || this.#isStopped || graphs.length === 0) return
    this.#isClaiming = true
    try {
      for (let isMore = true; isMore && !this.#isStopped; ) {
        await this.room()
        const claims = await this.#ports.store.claimRuns(graphs, MOST_CLAIMED)
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

  /** Settles when more may be added. */
  room(): Promise<void> {
    if (this.#size < MOST_WAITING) return Promise.resolve()
    return new Promise((resolve) => this.#whenRoom.push(resolve))
  }

  /** Settles when nothing runs and all that ran is stored. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
    this.#reportTimer?.cancel()
    await this.#report()
  }

  /** What waits is not run any more. Settles when what ran is counted. */
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
      if (this.#size < MOST_WAITING) for (const resolve of this.#whenRoom.splice(0)) resolve()
    }
    this.#waiting.delete(graph)
    this.#running.delete(graph)
  }

  #mostOf(graph: string): number {
    return (this.#singly.get(graph) ?? 0) > 0 ? 1 : MOST_RUNS
  }

  /** Returns how many of the first are through. */
  async #runSome(graph: string, firings: readonly ReactorFiring[]): Promise<number> {
    const definition = this.#ports.registry.current().graphs.graphs.get(graph)
    const { host, pollDeadlineMs, stopping } = this.#ports
    if (definition === undefined) return this.#failAll(graph, firings, gone(graph))
    const answer = await host.runGraph({
      script: definition.script,
      graph,
      payloads: firings.map(({ payloadText }) => payloadText),
      deadlineMs: pollDeadlineMs,
      stopping,
    })
    switch (answer.kind) {
      case 'answered':
        this.#singly.set(graph, Math.max(0, (this.#singly.get(graph) ?? 0) - answer.results.length))
        this.#count(definition, firings, answer.results, answer.nodesText)
        return answer.results.length
      case 'lost':
        // What had run by then is not known, and none may run twice.
        this.#singly.set(graph, MOST_WAITING)
        return this.#failAll(graph, firings, answer.error)
      case 'notServed':
        return this.#failAll(graph, firings, gone(graph))
      case 'notEntered':
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

  /** A failure costs the counts of a second. */
  async #report(): Promise<void> {
    this.#reportTimer = null
    const runs = [...this.#counts].map(([graph, counts]) => ({ graph, ...counts }))
    this.#counts.clear()
    if (runs.length === 0) return
    try {
      await this.#ports.store.recordRuns(runs)
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
