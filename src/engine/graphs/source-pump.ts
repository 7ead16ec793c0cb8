/**
 * Passes the queued events of one source in order through its accumulator function to the reactors. `hosted-sources.ts`
 * creates and stops one for each source whose lease this engine has.
 *
 * States, and the moves:
 *   idle         -> accumulating   events wait; for a batch accumulator also: its interval is over, or there are enough
 *   accumulating -> delivering     the function has answered, for all or for the first of them
 *   delivering   -> accumulating   it is stored, and the mark is behind them
 *   accumulating -> idle           nothing waits, or the script is not there
 *   any          -> lost           another instance has the source
 * Events whose interpreter died are sent again one by one. An event is passed over if it caused the death, or after
 * three deaths, so that it does not block the others.
 */

import type { SourceCounters } from '../../metrics/engine-counters.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import type { ReactorFiring, ValueText } from '../../model/graphs/graph-model-rows.ts'
import type { NewValue } from '../../model/graphs/stream-events.ts'
import { GrowingDelay } from '../backoff/backoff.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { StartLimit } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Accumulated, LostEntry } from './graph-host.ts'
import type { Delivery, SourceLease } from './graph-store.ts'

/** Limits of one entry into Python. */
const MAX_EVENTS = 500
const MAX_CHARS = 4_000_000
/** Maximum number of deaths of the interpreter for one event. */
const MAX_LOSSES = 3
/** Delay before a missing script is looked for again. A change of the registry ends it immediately. */
const NOT_SERVED_MS = 1_000
/** Delay before late events are sent again. By then, the lease is renewed or lost. */
const LATE_AGAIN_AFTER_MS = 100

export interface PumpParts {
  readonly stopping: AbortSignal
  startLimit(): StartLimit
  runnableGraphs(): Delivery['graphs']
  /** Resolves when there is room for more runs. */
  roomForRuns(): Promise<void>
  onDelivered(source: string, firings: readonly ReactorFiring[], run: readonly string[]): void
  /** Called when another engine has the source. */
  onLost(): void
}

interface Waiting {
  readonly sequence: number
  readonly eventText: ValueText
}

type Made = Pick<Delivery, 'upToSequence' | 'values' | 'dropped' | 'failures'>

export class SourcePump {
  readonly source: string
  readonly lease: number
  readonly #ports: EnginePorts
  readonly #parts: PumpParts
  readonly #counters: SourceCounters
  #definition: SourceDefinition | null
  #done: number
  #last: number
  /** Events after the mark, without a gap, that need no query. */
  #known: Waiting[] = []
  readonly #passes: Reconciler
  #isFlushDue = false
  #cancelFlush: () => void = () => {}
  /** Number of next events that are sent one by one. */
  #singly = 0
  /** Number of deaths of the interpreter with the event at the mark. */
  #losses = 0
  /** Delays after deaths of interpreters, during a call with events. */
  readonly #deaths = new GrowingDelay()

  constructor(lease: SourceLease, definition: SourceDefinition | null, ports: EnginePorts, parts: PumpParts) {
    this.source = lease.source
    this.lease = lease.number
    this.#done = lease.doneSequence
    this.#last = lease.lastSequence
    this.#definition = definition
    this.#ports = ports
    this.#parts = parts
    const during = `delivering the events of source "${lease.source}"`
    this.#passes = new Reconciler(ports, during, () => this.#pass())
    this.#armFlush()
    this.#counters = ports.events.counters.sources.of(lease.source)
  }

  get waiting(): number {
    return this.#last - this.#done
  }

  get definition(): SourceDefinition | null {
    return this.#definition
  }

  declared(definition: SourceDefinition | null): void {
    const before = this.#flushMs
    this.#definition = definition
    if (this.#flushMs !== before) this.#armFlush()
    this.wake()
  }

  /** Adds events that this engine has stored. */
  accepted(firstSequence: number, events: readonly ValueText[]): void {
    if (firstSequence === this.#lastKnown + 1 && this.#known.length < this.#ports.config.maxWaitingEvents) {
      this.#known.push(...events.map((eventText, index) => ({ sequence: firstSequence + index, eventText })))
    }
    this.#last = Math.max(this.#last, firstSequence + events.length - 1)
    this.wake()
  }

  /** Notes that the store has events up to this sequence. */
  grown(lastSequence: number): void {
    if (lastSequence <= this.#last) return
    this.#last = lastSequence
    this.wake()
  }

  start(): void {
    void this.#passes.start()
  }

  wake(): void {
    void this.#passes.request()
  }

  /** Starts nothing more. Resolves when running deliveries are stored. */
  async stop(): Promise<void> {
    this.#cancelFlush()
    await this.#passes.stop()
  }

  async #pass(): Promise<void> {
    if (await this.#step()) this.wake()
  }

  /** Processes some of the queued events. Returns false if there is nothing more to do now. */
  async #step(): Promise<boolean> {
    const waiting = await this.#next()
    if (waiting.length === 0) return false
    const made = await this.#accumulate(waiting)
    if (made === null) return false
    await this.#parts.roomForRuns()
    return await this.#deliver(made)
  }

  async #next(): Promise<readonly Waiting[]> {
    const most = this.#mostNow()
    if (most === 0) return []
    await this.#read(Math.min(most, this.waiting))
    let chars = 0
    const end = this.#known.findIndex(({ eventText }, index) => {
      chars += eventText.length
      return index > 0 && (index >= most || chars > MAX_CHARS)
    })
    return end < 0 ? this.#known.slice() : this.#known.slice(0, end)
  }

  /** Reads events that other engines pushed, or that were queued before the start. */
  async #read(wanted: number): Promise<void> {
    if (this.#known.length >= wanted) return
    const limits = { events: Math.max(wanted - this.#known.length, MAX_EVENTS), maxChars: MAX_CHARS }
    const read = await this.#ports.store.graphs.eventsAfter(this.source, this.#lastKnown, limits)
    // Events that were pushed here during the query are known already.
    this.#known.push(...read.filter(({ sequence }) => sequence > this.#lastKnown))
  }

  get #lastKnown(): number {
    return this.#done + this.#known.length
  }

  #mostNow(): number {
    if (this.#last === this.#done) return 0
    const accumulation = this.#definition?.accumulation
    if (accumulation?.kind !== 'batch') return this.#singly > 0 ? 1 : MAX_EVENTS
    // A full queue is a complete batch, because no event can be added to it.
    const { maxWaitingEvents } = this.#ports.config
    const size = Math.max(1, Math.min(accumulation.maxSize ?? maxWaitingEvents, maxWaitingEvents))
    return this.#isFlushDue || this.waiting >= size ? size : 0
  }

  /** Returns null if the events cannot be processed now. */
  async #accumulate(waiting: readonly Waiting[]): Promise<Made | null> {
    const definition = this.#definition
    if (definition === null || !hasFunctionForEvents(definition)) return asTheyAre(waiting)
    const mode = definition.accumulation.kind === 'batch' ? 'batch' : 'each'
    const answer = await this.#ports.host.accumulate({
      script: definition.script,
      source: this.source,
      mode,
      events: waiting.map(({ eventText }) => eventText),
      firstSequence: waiting[0]?.sequence ?? 0,
      deadlineMs: this.#ports.config.pollDeadlineMs,
      startLimit: this.#parts.startLimit(),
      stopping: this.#parts.stopping,
    })
    switch (answer.kind) {
      case 'answered':
        this.#losses = 0
        this.#deaths.succeeded()
        this.#singly = Math.max(0, this.#singly - answer.results.length)
        return mode === 'batch' ? ofBatch(waiting, answer.results[0]) : ofEach(waiting, answer.results)
      case 'lost':
        return this.#lost(waiting, mode, answer)
      case 'notServed':
        this.#passes.requestAfter(NOT_SERVED_MS)
        return null
      case 'notStarted':
        if (answer.isLate) this.#passes.requestAfter(LATE_AGAIN_AFTER_MS)
        return null
    }
  }

  /** Sends events one by one from now on, so that only the event is lost that caused the death. */
  #lost(waiting: readonly Waiting[], mode: 'each' | 'batch', { isCulprit, error }: LostEntry): Made | null {
    const isOne = mode === 'batch' || waiting.length === 1
    if (!isOne) this.#singly = waiting.length
    else this.#losses += 1
    if (!isOne || (!isCulprit && this.#losses < MAX_LOSSES)) {
      this.#passes.requestAfter(this.#deaths.failed() / 2)
      return null
    }
    this.#losses = 0
    return mode === 'batch' ? ofBatch(waiting, { kind: 'failed', error }) : ofEach(waiting, [{ kind: 'failed', error }])
  }

  async #deliver(made: Made): Promise<boolean> {
    const { store, instanceId, clock } = this.#ports
    const { runnableGraphs, onDelivered, onLost } = this.#parts
    const accumulation = this.#definition?.accumulation
    const result = await store.graphs.deliver({
      source: this.source,
      instanceId,
      lease: this.lease,
      ...made,
      capacity: accumulation?.kind === 'state' ? accumulation.capacity : null,
      graphs: runnableGraphs(),
      at: clock.now(),
    })
    if (result.kind === 'lost') {
      void this.#passes.stop()
      onLost()
      return false
    }
    this.#known.splice(0, this.#known.findLastIndex(({ sequence }) => sequence <= made.upToSequence) + 1)
    this.#done = made.upToSequence
    this.#counters.dropped += made.dropped
    this.#counters.failed += made.failures.length
    if (this.#done === this.#last) this.#isFlushDue = false
    for (const { error, sequence } of made.failures) this.#failed(sequence, error)
    onDelivered(this.source, result.firings, result.run)
    return true
  }

  #failed(sequence: number, error: PythonFault): void {
    const { events, clock } = this.#ports
    const script = this.#definition?.script ?? ''
    events.emit('sourceFailed', { source: this.source, script, sequence, error, at: clock.now() })
  }

  get #flushMs(): number | null {
    const accumulation = this.#definition?.accumulation
    return accumulation?.kind === 'batch' ? accumulation.intervalMs : null
  }

  #armFlush(): void {
    this.#cancelFlush()
    const everyMs = this.#flushMs
    if (everyMs === null || this.#passes.isStopped) return
    const timer = this.#ports.clock.wakeAfter(everyMs, () => {
      this.#isFlushDue = this.#last > this.#done
      this.wake()
      this.#armFlush()
    })
    this.#cancelFlush = () => timer.cancel()
  }
}

/** Values of polls need no function. */
function hasFunctionForEvents({ accumulation }: SourceDefinition): boolean {
  return accumulation.kind !== 'polling'
}

function asTheyAre(waiting: readonly Waiting[]): Made {
  const values = waiting.map(({ sequence, eventText }) => newValue(sequence, sequence, eventText))
  return { upToSequence: waiting.at(-1)?.sequence ?? 0, values, dropped: 0, failures: [] }
}

function ofEach(waiting: readonly Waiting[], results: readonly Accumulated[]): Made {
  const values: NewValue[] = []
  const failures: { readonly sequence: number; readonly error: PythonFault }[] = []
  let dropped = 0
  for (const [index, result] of results.entries()) {
    const sequence = waiting[index]?.sequence ?? 0
    if (result.kind === 'value') values.push(newValue(sequence, sequence, result.valueText))
    else if (result.kind === 'dropped') dropped += 1
    else failures.push({ sequence, error: result.error })
  }
  return { upToSequence: waiting[results.length - 1]?.sequence ?? 0, values, dropped, failures }
}

function ofBatch(waiting: readonly Waiting[], result: Accumulated | undefined): Made {
  const first = waiting[0]?.sequence ?? 0
  const last = waiting.at(-1)?.sequence ?? 0
  const made = { upToSequence: last, values: [], dropped: 0, failures: [] }
  if (result?.kind === 'value') return { ...made, values: [newValue(first, last, result.valueText)] }
  if (result === undefined || result.kind === 'dropped') return { ...made, dropped: waiting.length }
  return { ...made, failures: waiting.map(({ sequence }) => ({ sequence, error: result.error })) }
}

function newValue(firstSequence: number, lastSequence: number, valueText: ValueText): NewValue {
  return { firstSequence, lastSequence, valueText }
}
