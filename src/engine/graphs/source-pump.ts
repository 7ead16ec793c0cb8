/**
 * Takes the waiting events of one source, in their order, through its accumulator function to the reactors. One for each
 * source whose lease this instance holds; made and stopped by `hosted-sources.ts`.
 *
 * States, and the moves:
 *   idle         -> accumulating   events wait; for a batch accumulator also: its interval is over, or there are enough
 *   accumulating -> delivering     the function has answered, for all or for the first of them
 *   delivering   -> accumulating   it is stored, and the mark is behind them
 *   accumulating -> idle           nothing waits, or the script is not there
 *   any          -> lost           another instance has the source
 * An event whose interpreter died under it is tried again by itself. It is passed over when the interpreter died because of it,
 * and after three times in any case: what kills an interpreter must not keep the others waiting.
 */

import { toError } from '../../errors.ts'
import type { SourceCounters } from '../../metrics/engine-counters.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import type { ReactorFiring, ValueText } from '../../model/graphs/rows.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, StartLimit } from '../ports.ts'
import type { GraphStore } from '../store.ts'
import type { Accumulated, EntryLost, GraphHost } from './graph-host.ts'
import type { Delivery, NewValue, SourceLease } from './graph-store.ts'

/** Events in one entry into Python, and their texts together. */
const MOST_EVENTS = 500
const MOST_CHARS = 4_000_000
/** Times that an event may lose its interpreter. */
const MOST_LOSSES = 3
/** A script that is not there is looked for again after this; a change of the registry wakes at once. */
const NOT_SERVED_MS = 1_000
/** Time after which events are sent again that could not start in time: the lease is renewed by then, or lost. */
const LATE_AGAIN_AFTER_MS = 100

export interface SourcePumpPorts {
  readonly instanceId: string
  readonly store: GraphStore
  readonly host: GraphHost
  readonly clock: Clock
  readonly events: EngineEvents
  readonly pollDeadlineMs: number
  readonly maxWaitingEvents: number
  readonly stopping: AbortSignal
  startLimit(): StartLimit
  /** Graphs that can be run here. */
  runnableGraphs(): Delivery['graphs']
  /** Waits while so many runs are behind that more must not be added. */
  roomForRuns(): Promise<void>
  onDelivered(source: string, firings: readonly ReactorFiring[], run: readonly string[]): void
}

interface Waiting {
  readonly sequence: number
  readonly eventText: ValueText
}

/** What became of the first waiting events. */
type Made = Pick<Delivery, 'upToSequence' | 'values' | 'dropped' | 'failures'>

export class SourcePump {
  readonly source: string
  readonly lease: number
  readonly #ports: SourcePumpPorts
  readonly #onLost: () => void
  readonly #counters: SourceCounters
  #definition: SourceDefinition | null
  #done: number
  #last: number
  /** Known without a look at the store: those behind the mark without a gap. */
  #known: Waiting[] = []
  #run: Promise<void> | null = null
  #mustRun = false
  #isFlushDue = false
  #cancelTimer: () => void = () => {}
  #cancelFlush: () => void = () => {}
  /** So many of the next events are taken one by one. */
  #singly = 0
  /** Of the event at the mark. */
  #losses = 0
  #failures = 0
  /** Interpreters in a row that died of events. */
  #deaths = 0
  #isStopped = false

  /** `onLost`: another instance has the source. */
  constructor(lease: SourceLease, definition: SourceDefinition | null, ports: SourcePumpPorts, onLost: () => void) {
    this.source = lease.source
    this.lease = lease.number
    this.#done = lease.doneSequence
    this.#last = lease.lastSequence
    this.#definition = definition
    this.#ports = ports
    this.#onLost = onLost
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

  /** Events are stored, by this process. */
  accepted(firstSequence: number, events: readonly ValueText[]): void {
    if (firstSequence === this.#lastKnown + 1 && this.#known.length < this.#ports.maxWaitingEvents) {
      this.#known.push(...events.map((eventText, index) => ({ sequence: firstSequence + index, eventText })))
    }
    this.#last = Math.max(this.#last, firstSequence + events.length - 1)
    this.wake()
  }

  /** There may be more in the store than is known here. */
  grown(lastSequence: number): void {
    if (lastSequence <= this.#last) return
    this.#last = lastSequence
    this.wake()
  }

  wake(): void {
    if (this.#isStopped) return
    this.#cancelTimer()
    this.#mustRun = true
    this.#run ??= this.#runAll()
  }

  /** Begins nothing more. Settles when what is under way is stored. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer()
    this.#cancelFlush()
    await this.#run
  }

  async #runAll(): Promise<void> {
    while (this.#mustRun && !this.#isStopped) {
      this.#mustRun = false
      try {
        while (!this.#isStopped && (await this.#step())) this.#failures = 0
      } catch (thrown) {
        // It waits in the store for whoever is next.
        if (this.#isStopped) break
        this.#failures += 1
        const delayMs = troubleDelayMs(this.#failures)
        const during = `delivering the events of source "${this.source}"`
        const retryAt = this.#ports.clock.now() + delayMs
        this.#ports.events.emit('trouble', { during, error: toError(thrown), retryAt })
        this.#wakeAfter(delayMs)
      }
    }
    // In the tick of the event loop in which the loop ended: whoever wakes from now on begins a new one.
    this.#run = null
  }

  /** Some of the waiting events. False when there is nothing more to do now. */
  async #step(): Promise<boolean> {
    const waiting = await this.#next()
    if (waiting.length === 0) return false
    const made = await this.#accumulate(waiting)
    if (made === null) return false
    await this.#ports.roomForRuns()
    return await this.#deliver(made)
  }

  async #next(): Promise<readonly Waiting[]> {
    const most = this.#mostNow()
    if (most === 0) return []
    await this.#read(Math.min(most, this.waiting))
    let chars = 0
    const end = this.#known.findIndex(({ eventText }, index) => {
      chars += eventText.length
      return index > 0 && (index >= most || chars > MOST_CHARS)
    })
    return end < 0 ? this.#known.slice() : this.#known.slice(0, end)
  }

  /** Events that are not known here: others have pushed them, or they waited before this began. */
  async #read(wanted: number): Promise<void> {
    if (this.#known.length >= wanted) return
    const limits = { events: Math.max(wanted - this.#known.length, MOST_EVENTS), maxChars: MOST_CHARS }
    const read = await this.#ports.store.eventsAfter(this.source, this.#lastKnown, limits)
    // Those that were pushed here meanwhile are known already.
    this.#known.push(...read.filter(({ sequence }) => sequence > this.#lastKnown))
  }

  get #lastKnown(): number {
    return this.#done + this.#known.length
  }

  /** How many events are to be taken now. */
  #mostNow(): number {
    if (this.#last === this.#done) return 0
    const accumulation = this.#definition?.accumulation
    if (accumulation?.kind !== 'batch') return this.#singly > 0 ? 1 : MOST_EVENTS
    // Where as many wait as may, no more can come: that is a batch, too.
    const full = Math.min(accumulation.maxSize ?? this.#ports.maxWaitingEvents, this.#ports.maxWaitingEvents)
    const size = Math.max(1, full)
    return this.#isFlushDue || this.waiting >= size ? size : 0
  }

  /** Null: not now. */
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
      deadlineMs: this.#ports.pollDeadlineMs,
      startLimit: this.#ports.startLimit(),
      stopping: this.#ports.stopping,
    })
    switch (answer.kind) {
      case 'answered':
        this.#losses = 0
        this.#deaths = 0
        this.#singly = Math.max(0, this.#singly - answer.results.length)
        return mode === 'batch' ? ofBatch(waiting, answer.results[0]) : ofEach(waiting, answer.results)
      case 'lost':
        return this.#lost(waiting, mode, answer)
      case 'notServed':
        this.#wakeAfter(NOT_SERVED_MS)
        return null
      case 'notEntered':
        if (answer.isLate) this.#wakeAfter(LATE_AGAIN_AFTER_MS)
        return null
    }
  }

  /** One by one from now on, so that only the one goes because of which the interpreter died. */
  #lost(waiting: readonly Waiting[], mode: 'each' | 'batch', { isCulprit, error }: EntryLost): Made | null {
    const isOne = mode === 'batch' || waiting.length === 1
    if (!isOne) this.#singly = waiting.length
    else this.#losses += 1
    if (!isOne || (!isCulprit && this.#losses < MOST_LOSSES)) {
      this.#wakeAfter(troubleDelayMs(++this.#deaths) / 2)
      return null
    }
    this.#losses = 0
    return mode === 'batch' ? ofBatch(waiting, { kind: 'failed', error }) : ofEach(waiting, [{ kind: 'failed', error }])
  }

  async #deliver(made: Made): Promise<boolean> {
    const { store, instanceId, clock, runnableGraphs, onDelivered } = this.#ports
    const accumulation = this.#definition?.accumulation
    const result = await store.deliver({
      source: this.source,
      instanceId,
      lease: this.lease,
      ...made,
      capacity: accumulation?.kind === 'state' ? accumulation.capacity : null,
      graphs: runnableGraphs(),
      at: clock.now(),
    })
    if (result.kind === 'lost') {
      this.#isStopped = true
      this.#onLost()
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
    if (everyMs === null || this.#isStopped) return
    const timer = this.#ports.clock.wakeAfter(everyMs, () => {
      this.#isFlushDue = this.#last > this.#done
      this.wake()
      this.#armFlush()
    })
    this.#cancelFlush = () => timer.cancel()
  }

  #wakeAfter(delayMs: number): void {
    if (this.#isStopped) return
    const timer = this.#ports.clock.wakeAfter(delayMs, () => this.wake())
    this.#cancelTimer = () => timer.cancel()
  }
}

/** What polls brought is a value already. */
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
