/**
 * Invariants of the delivery of messages, from the manual: a receiver gets each message at least once, with the same
 * id and content, in the order of the incident, and a message that is stored as delivered was received.
 */

import type { Alert } from '../../../src/model/alert.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { numberOrNull } from './executions.ts'
import { receiversOf } from './routing.ts'
import type { Report } from './violation.ts'

interface StoredMessage {
  readonly seq: number
  readonly id: string
  readonly kind: string
  readonly content: string
  readonly incidentSeq: number | null
  /** Outcomes by receiver. */
  readonly deliveries: Map<string, string>
}

export class DeliveryModel {
  readonly #program: Program
  readonly #report: Report
  readonly #messages = new Map<number, StoredMessage>()
  readonly #byId = new Map<string, StoredMessage>()
  /** Subjects of incidents, by number. */
  readonly #subjects = new Map<number, string>()
  readonly #received = new Set<string>()
  #addedNow: StoredMessage[] = []

  constructor(program: Program, report: Report) {
    this.#program = program
    this.#report = report
  }

  apply({ table, before, after }: RowChange): void {
    if (table === 'incidents' && after !== null) this.#subjects.set(Number(after.seq), String(after.subject))
    else if (table === 'alerts') this.#alertChanged(before, after)
    else if (table === 'alert_deliveries' && after !== null) this.#deliveryChanged(before, after)
  }

  /** Checks that each new message has a delivery for each receiver of its route. */
  committed(): void {
    for (const { id, kind, incidentSeq, deliveries } of this.#addedNow) {
      if (kind === 'database-refused' || incidentSeq === null) continue
      const subject =
        kind === 'engine-lost' || kind === 'interpreter-quarantined' ? '' : this.#subjects.get(incidentSeq)
      const expected = receiversOf(this.#program, `${kind} ${subject}`).toSorted().join()
      const actual = [...deliveries.keys()].sort().join()
      if (expected !== actual)
        this.#report('messages-have-deliveries', `message ${id} (${kind}) goes to ${actual}, expected ${expected}`)
    }
    this.#addedNow = []
  }

  /** Checks a message that a receiver got. */
  received(receiver: string, alert: Alert): void {
    const { id, kind } = alert
    const message = this.#byId.get(id)
    const isFirst = !this.#received.has(`${receiver} ${id}`)
    this.#received.add(`${receiver} ${id}`)
    // Messages about a database that refuses are sent before they are stored.
    if (kind === 'database-refused') return
    if (message === undefined || !message.deliveries.has(receiver)) {
      this.#report('sent-messages-are-stored', `receiver ${receiver} got message ${id}, which is not stored for it`)
      return
    }
    if (message.content !== contentOf(alert))
      this.#report('sent-messages-are-stored', `message ${id} is ${contentOf(alert)}, stored is ${message.content}`)
    if (!isFirst || message.incidentSeq === null) return
    for (const earlier of this.#messages.values()) {
      if (earlier.incidentSeq !== message.incidentSeq || earlier.seq >= message.seq) continue
      if (earlier.deliveries.has(receiver) && !this.#received.has(`${receiver} ${earlier.id}`))
        this.#report('messages-arrive-in-order', `${receiver} got message ${id} before message ${earlier.id}`)
    }
  }

  /** Returns the numbers of the messages that a receiver has not got, or whose delivery is not stored. */
  get pending(): readonly number[] {
    return [...this.#messages.values()].flatMap(({ seq, deliveries }) =>
      [...deliveries.values()].includes('pending') ? seq : [],
    )
  }

  /** Checks that nothing is left to deliver. `before`: numbers of the messages that had enough time. */
  checkRest(before: readonly number[]): void {
    const left = this.pending.filter((seq) => before.includes(seq))
    if (left.length > 0) this.#report('messages-are-delivered', `messages ${left.join(', ')} are not delivered`)
  }

  #alertChanged(before: RowValues | null, after: RowValues | null): void {
    if (after === null) {
      const removed = this.#messages.get(Number(before?.seq))
      if (removed === undefined) return
      if ([...removed.deliveries.values()].includes('pending'))
        this.#report('messages-are-delivered', `message ${removed.id} was removed before its delivery`)
      this.#messages.delete(removed.seq)
      return
    }
    const { state, raised_at: at, count, since, subject } = after
    const message = {
      seq: Number(after.seq),
      id: String(after.id),
      kind: String(after.kind),
      content: contentOf({ state, at: Number(at), count: Number(count), since: Number(since), subject }),
      incidentSeq: numberOrNull(after.incident_seq),
      deliveries: new Map<string, string>(),
    }
    this.#messages.set(message.seq, message)
    this.#byId.set(message.id, message)
    this.#addedNow.push(message)
  }

  #deliveryChanged(before: RowValues | null, { alert_seq, receiver, outcome }: RowValues): void {
    const message = this.#messages.get(Number(alert_seq))
    if (message === undefined) return
    const shown = `the delivery of message ${message.id} to ${receiver}`
    if (before !== null && before.outcome !== 'pending' && before.outcome !== outcome)
      this.#report('final-deliveries-stay', `${shown} was ${before.outcome} and became ${outcome}`)
    if (outcome === 'delivered' && !this.#received.has(`${receiver} ${message.id}`))
      this.#report('delivered-means-received', `${shown} is stored as delivered, and did not arrive`)
    // Only messages that are older than a day fail, and no run takes so long.
    if (outcome === 'failed') this.#report('messages-are-delivered', `${shown} was given up`)
    message.deliveries.set(String(receiver), String(outcome))
  }
}

function contentOf({
  state,
  at,
  count,
  since,
  subject,
}: Record<'state' | 'at' | 'count' | 'since' | 'subject', unknown>) {
  return JSON.stringify({ state, at, count, since, subject })
}
