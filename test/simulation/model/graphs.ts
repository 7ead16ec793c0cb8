/**
 * Invariants of events and reactors, from the manual: each event is accepted once and delivered once, each firing of a
 * reactor starts one execution per subscription, and a graph runs at most once for a firing.
 */

import type { RunGraphRequest } from '../../../src/engine/graphs/graph-host.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { eventFate } from '../scripted-outcomes.ts'
import type { Report } from './violation.ts'

interface ModelSource {
  readonly name: string
  doneSequence: number
  readonly events: Map<number, string>
}

interface ModelReactor {
  readonly name: string
  lastSequence: number
  /** Sequences of the events that caused firings, by source. */
  readonly causes: Map<string, Set<number>>
  readonly payloads: Map<string, number>
}

interface SubscriptionRow {
  readonly id: string
  readonly reactor: string
  readonly predicate: string | null
  readonly enabled: number
  readonly is_degraded: number
  readonly done_sequence: number
}

export class GraphModel {
  readonly #program: Program
  readonly #report: Report
  readonly #sources = new Map<number, ModelSource>()
  readonly #reactors = new Map<number, ModelReactor>()
  readonly #started = new Map<string, number[]>()
  readonly #graphRuns = new Map<string, number>()
  /** Sequences of events by the marker in the event. */
  readonly byMarker = new Map<number, number[]>()

  constructor(program: Program, report: Report) {
    this.#program = program
    this.#report = report
  }

  apply({ table, before, after }: RowChange): void {
    if (after === null) return
    if (table === 'sources') this.#sourceChanged(after)
    else if (table === 'source_events') this.#eventAdded(after)
    else if (table === 'reactors') this.#reactorAdded(after)
    else if (table === 'reactor_firings' && before === null) this.#reactorFired(after)
    else if (table === 'firing_executions' && before === null) this.#executionStarted(after)
  }

  graphEntered({ graph, payloads }: RunGraphRequest): void {
    const reactor = this.#program.reactors.find((each) => each.graph === graph)?.name
    const model = [...this.#reactors.values()].find(({ name }) => name === reactor)
    for (const payload of payloads) {
      const runs = (this.#graphRuns.get(`${graph} ${payload}`) ?? 0) + 1
      this.#graphRuns.set(`${graph} ${payload}`, runs)
      const firings = model?.payloads.get(payload) ?? 0
      if (runs > firings)
        this.#report('graphs-run-at-most-once', `graph ${graph} ran ${runs} times for ${firings} firings of ${payload}`)
    }
  }

  /** Checks at rest that every accepted event was delivered. */
  checkRest(subscriptions: readonly SubscriptionRow[]): void {
    for (const source of this.#sources.values()) this.#checkDelivered(source)
    for (const subscription of subscriptions) this.#checkSubscription(subscription)
  }

  #checkDelivered({ name, events, doneSequence }: ModelSource): void {
    const last = Math.max(0, ...events.keys())
    const kind = this.#program.sources.find((each) => each.name === name)?.kind
    if (doneSequence < last) this.#report('events-are-delivered', `source ${name} stands at ${doneSequence} of ${last}`)
    if (kind !== 'passthrough' && kind !== 'state') return
    for (const { name: reactor, mode, sources } of this.#program.reactors) {
      const causes = [...this.#reactors.values()].find((each) => each.name === reactor)?.causes.get(name)
      if (mode !== 'when_any' || !sources.includes(name)) continue
      for (const [sequence, event] of events) {
        if (eventFate(event) !== 'value' || causes?.has(sequence)) continue
        this.#report('events-are-delivered', `event ${sequence} of ${name} (${event}) fired ${reactor} never`)
      }
    }
  }

  #checkSubscription({ id, reactor, predicate, enabled, is_degraded, done_sequence }: SubscriptionRow): void {
    if (Number(enabled) !== 1 || Number(is_degraded) !== 0 || predicate?.includes('missing')) return
    const model = [...this.#reactors.values()].find(({ name }) => name === reactor)
    if (model === undefined) return
    if (done_sequence < model.lastSequence) {
      this.#report(
        'firings-start-subscribers',
        `subscription ${id} stands at ${done_sequence} of ${model.lastSequence}`,
      )
    }
    const started = this.#started.get(id) ?? []
    for (const [index, sequence] of started.entries()) {
      const before = started[index - 1]
      if (before !== undefined && sequence !== before + 1) {
        this.#report('firings-start-subscribers', `subscription ${id} started ${sequence} after ${before}`)
      }
    }
    if (started.length > 0 && started.at(-1) !== done_sequence) {
      this.#report(
        'firings-start-subscribers',
        `subscription ${id} started up to ${started.at(-1)}, its mark is ${done_sequence}`,
      )
    }
  }

  #sourceChanged(row: RowValues): void {
    const seq = Number(row.seq)
    const source = this.#sources.get(seq) ?? {
      name: String(row.name),
      doneSequence: 0,
      events: new Map<number, string>(),
    }
    const done = Number(row.done_sequence)
    if (done < source.doneSequence) this.#report('marks-grow', `the mark of source ${source.name} fell`)
    if (done > Number(row.last_sequence))
      this.#report('marks-grow', `the mark of source ${source.name} is beyond its events`)
    source.doneSequence = done
    this.#sources.set(seq, source)
  }

  #eventAdded(row: RowValues): void {
    const event = String(row.event)
    const sequence = Number(row.sequence)
    this.#sources.get(Number(row.source_seq))?.events.set(sequence, event)
    const { push } = JSON.parse(event) as { readonly push?: number }
    if (push === undefined) return
    const sequences = [...(this.byMarker.get(push) ?? []), sequence]
    this.byMarker.set(push, sequences)
    if (sequences.length > 1)
      this.#report('events-are-accepted-once', `push ${push} was accepted as ${sequences.join(' and ')}`)
  }

  #reactorAdded(row: RowValues): void {
    const seq = Number(row.seq)
    if (this.#reactors.has(seq)) return
    this.#reactors.set(seq, { name: String(row.name), lastSequence: 0, causes: new Map(), payloads: new Map() })
  }

  #reactorFired(row: RowValues): void {
    const reactor = this.#reactors.get(Number(row.reactor_seq))
    if (reactor === undefined) return
    const sequence = Number(row.sequence)
    if (sequence !== reactor.lastSequence + 1)
      this.#report('firings-are-numbered', `reactor ${reactor.name} fired ${sequence} after ${reactor.lastSequence}`)
    reactor.lastSequence = sequence
    const payload = String(row.payload)
    reactor.payloads.set(payload, (reactor.payloads.get(payload) ?? 0) + 1)
    if (row.by_hand !== null) return
    for (const [source, , last] of JSON.parse(String(row.causes)) as [string, number, number][]) {
      const causes = reactor.causes.get(source) ?? new Set<number>()
      reactor.causes.set(source, causes)
      const mode = this.#program.reactors.find(({ name }) => name === reactor.name)?.mode
      if (mode === 'when_any' && causes.has(last)) {
        this.#report('events-are-delivered-once', `event ${last} of ${source} fired ${reactor.name} twice`)
      }
      causes.add(last)
    }
  }

  #executionStarted(row: RowValues): void {
    const id = String(row.subscription_id)
    this.#started.set(id, [...(this.#started.get(id) ?? []), Number(row.sequence)])
  }
}
