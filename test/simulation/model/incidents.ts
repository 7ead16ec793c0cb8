/**
 * Invariants of incidents and their messages, from the manual: a kind and subject has at most one open incident. Its
 * row and its messages follow from the committed failures and successes: the first failure opens it with a message, a
 * failure after `repeatMs` repeats the message, and the first success ends it with a message. A failure within the
 * cooldown opens it again without a message, and then its end has none.
 */

import type { AlertKind } from '../../../src/model/alert.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { numberOrNull } from './executions.ts'
import type { Cause, IncidentCauses } from './incident-causes.ts'
import { hasReceiver } from './routing.ts'
import type { Report } from './violation.ts'

interface State {
  readonly openedAt: number
  readonly lastAt: number
  readonly count: number
  readonly endedAt: number | null
  readonly lastMessageAt: number | null
  readonly isSilent: boolean
}

interface Row extends State {
  readonly seq: number
  readonly kind: AlertKind
  readonly subject: string
}

interface Message {
  readonly state: string
  readonly at: number
  readonly count: number
  readonly since: number
}

/** State of the incidents of one kind and subject, from the newest before a commit on, and their new messages. */
interface Outcome {
  readonly incidents: readonly State[]
  readonly messages: readonly Message[]
}

/** Kinds whose failures are visible in other rows of the same commit. */
const EXPLAINED: ReadonlySet<string> = new Set<AlertKind>([
  'execution-failed',
  'deadline-missed',
  'trigger-failing',
  'trigger-disabled',
  'trigger-silent',
])
/** Time in which another engine may not see a committed failure, because its own transaction has begun. Simulated. */
const CONCURRENT_MS = 2_000
const MAX_UNCERTAIN = 8

export class IncidentModel {
  readonly #program: Program
  readonly #causes: IncidentCauses
  readonly #report: Report
  readonly #rows = new Map<number, Row>()
  /** Incidents by kind and subject, in the order of their numbers. */
  readonly #byKey = new Map<string, Row[]>()
  /** States of all messages so far, by incident. */
  readonly #sent = new Map<number, Message[]>()
  /** Simulated time of the last commit that changed an incident, by kind and subject. */
  readonly #changedAt = new Map<string, number>()
  /** Number of registrations of each engine. An engine that was declared dead registers again. */
  readonly #registrations = new Map<string, number>()
  /** Incidents before the current commit, by kind and subject. */
  #before = new Map<string, readonly Row[]>()
  #messages: { readonly incidentSeq: number; readonly message: Message }[] = []

  constructor(program: Program, causes: IncidentCauses, report: Report) {
    this.#program = program
    this.#causes = causes
    this.#report = report
  }

  apply({ table, before, after }: RowChange): void {
    if (table === 'incidents') this.#incidentChanged(before, after)
    else if (table === 'instances' && before === null) this.#registered(String(after?.id))
    else if (table === 'alerts' && before === null && after?.incident_seq != null) {
      const { state, raised_at, count, since } = after
      const message = { state: String(state), at: Number(raised_at), count: Number(count), since: Number(since) }
      this.#messages.push({ incidentSeq: Number(after.incident_seq), message })
    }
  }

  /** Checks the incidents after the last change of a transaction. */
  committed(now: number): void {
    const messages = Map.groupBy(this.#messages, ({ incidentSeq }) => this.#keyOf(incidentSeq))
    const causes = Map.groupBy(this.#causes.take(), ({ kind, subject }) => `${kind} ${subject}`)
    for (const key of new Set([...this.#before.keys(), ...messages.keys(), ...causes.keys()])) {
      const added = messages.get(key) ?? []
      this.#checkRows(key)
      if (EXPLAINED.has(key.split(' ')[0] ?? ''))
        this.#checkCauses(
          key,
          causes.get(key) ?? [],
          added.map(({ message }) => message),
          now,
        )
      for (const { incidentSeq, message } of added) this.#checkMessage(key, incidentSeq, message)
      if (this.#before.has(key)) this.#changedAt.set(key, now)
    }
    this.#before = new Map()
    this.#messages = []
  }

  #registered(engine: string): void {
    this.#registrations.set(engine, (this.#registrations.get(engine) ?? 0) + 1)
  }

  #incidentChanged(before: RowValues | null, after: RowValues | null): void {
    const { kind, subject } = (after ?? before) as RowValues
    const key = `${kind} ${subject}`
    const seq = Number((after ?? before)?.seq)
    const rows = this.#byKey.get(key) ?? []
    const others = rows.filter((row) => row.seq !== seq)
    const earlier = this.#before.get(key) ?? rows
    this.#before.set(key, after === null ? earlier.filter((row) => row.seq !== seq) : earlier)
    if (after === null) {
      this.#rows.delete(seq)
      this.#byKey.set(key, others)
      return
    }
    const row = toRow(after)
    this.#rows.set(seq, row)
    this.#byKey.set(
      key,
      [...others, row].sort((one, other) => one.seq - other.seq),
    )
  }

  #keyOf(seq: number): string {
    const row = this.#rows.get(seq)
    return row === undefined ? `missing ${seq}` : `${row.kind} ${row.subject}`
  }

  #checkRows(key: string): void {
    const rows = this.#byKey.get(key) ?? []
    if (rows.filter(({ endedAt }) => endedAt === null).length > 1)
      this.#report('one-open-incident', `${key} has two open incidents`)
    for (const row of rows) {
      const earlier = this.#before.get(key)?.find(({ seq }) => seq === row.seq)
      if (earlier !== undefined && row.count < earlier.count)
        this.#report('one-open-incident', `the count of incident ${row.seq} (${key}) fell`)
    }
    const [kind, subject = ''] = key.split(' ')
    if (kind !== 'engine-lost') return
    const losses = rows.reduce((sum, { count }) => sum + count, 0)
    const registrations = this.#registrations.get(subject) ?? 0
    if (losses > registrations)
      this.#report(
        'losses-are-reported-once',
        `engine ${subject} registered ${registrations} times, lost ${losses} times`,
      )
  }

  /** Checks the sequence of the messages of one incident, of any kind. */
  #checkMessage(key: string, seq: number, message: Message): void {
    const sent = this.#sent.get(seq) ?? []
    this.#sent.set(seq, [...sent, message])
    // Each engine sends its own message about a database that refuses, before any of them is stored.
    if (key.startsWith('database-refused')) return
    const last = sent.at(-1)
    if ((message.state === 'opened') !== (last === undefined))
      this.#report('one-opening-per-incident', `message ${sent.length + 1} of ${key} is ${message.state}`)
    if (message.state === 'recovered' && last?.state === 'recovered')
      this.#report('silent-incidents-stay-silent', `${key} ended with a message, and was opened again without one`)
    if (message.state === 'repeated' && last !== undefined && !this.#isRepeatDue(last.at, message.at))
      this.#report('messages-follow-incidents', `${key} was repeated ${message.at - last.at} ms after the last message`)
  }

  #checkCauses(key: string, causes: readonly Cause[], messages: readonly Message[], now: number): void {
    const newest = (this.#before.get(key) ?? this.#byKey.get(key) ?? []).at(-1) ?? null
    const rows = (this.#byKey.get(key) ?? []).filter(({ seq }) => newest === null || seq >= newest.seq)
    const isRecent = now - (this.#changedAt.get(key) ?? Number.NEGATIVE_INFINITY) < CONCURRENT_MS
    const actual = textOf({ incidents: rows, messages })
    const hasMessages = hasReceiver(this.#program, key)
    const possible = choices(causes, this.#program.store === 'postgres' && isRecent, newest?.lastAt ?? 0)
    const expected = possible.map((chosen) => textOf(this.#expect(newest, chosen, hasMessages)))
    if (expected.includes(actual)) return
    const wanted = [...new Set(expected)].join(' or ')
    this.#report('incidents-follow-failures', `${key} is ${actual} after ${JSON.stringify(causes)}, expected ${wanted}`)
  }

  /** Returns the incidents and messages after the causes, in their order. */
  #expect(newest: State | null, causes: readonly Cause[], hasMessages: boolean): Outcome {
    const incidents: State[] = newest === null ? [] : [newest]
    const messages: Message[] = []
    for (const { change, at } of causes) {
      const last = incidents.at(-1)
      const isOpen = last !== undefined && last.endedAt === null
      if (change !== 'failure' && !isOpen) continue
      const isSame = last !== undefined && (isOpen || this.#isWithinCooldown(last.endedAt ?? 0, at))
      const [next, state] =
        change === 'success' && isOpen
          ? this.#afterSuccess(last, at, hasMessages)
          : this.#afterFailure(isSame ? last : null, at, hasMessages, change === 'absorbed')
      if (isSame) incidents.pop()
      incidents.push(state === null ? next : { ...next, lastMessageAt: at })
      if (state !== null) messages.push({ state, at, count: next.count, since: next.openedAt })
    }
    return { incidents, messages }
  }

  #afterSuccess(open: State, at: number, hasMessages: boolean): [State, string | null] {
    const isSent = this.#program.alerts.recovered && hasMessages && !open.isSilent
    return [{ ...open, endedAt: at }, isSent ? 'recovered' : null]
  }

  #afterFailure(same: State | null, at: number, hasMessages: boolean, isAbsorbed: boolean): [State, string | null] {
    const opened = { openedAt: at, lastAt: at, count: 1, endedAt: null, lastMessageAt: null, isSilent: false }
    if (same === null) return [opened, hasMessages ? 'opened' : null]
    const isSent = hasMessages && !isAbsorbed && this.#isRepeatDue(same.lastMessageAt ?? 0, at)
    const isSilent = hasMessages && !isSent && (same.endedAt !== null || same.isSilent)
    const lastAt = Math.max(same.lastAt, at)
    return [{ ...same, lastAt, count: same.count + 1, endedAt: null, isSilent }, isSent ? 'repeated' : null]
  }

  /** Times of engines whose clocks differ, or were set, may be in the wrong order. */
  #isRepeatDue(lastAt: number, at: number): boolean {
    return Math.abs(at - lastAt) >= this.#program.alerts.repeatMs
  }

  #isWithinCooldown(endedAt: number, at: number): boolean {
    return Math.abs(at - endedAt) < this.#program.alerts.cooldownMs
  }
}

/** Returns each possible list of causes. `isConcurrent`: a success may not see a failure of another transaction. */
function choices(causes: readonly Cause[], isConcurrent: boolean, lastAt: number): readonly (readonly Cause[])[] {
  const isUncertain = ({ certainty, change, at }: Cause): boolean =>
    certainty === 'possible' ||
    (certainty === 'unless older' && at < lastAt) ||
    (certainty === 'unless older' && causes.length > 1) ||
    (isConcurrent && change === 'success')
  let lists: (readonly Cause[])[] = [[]]
  let uncertain = 0
  for (const cause of causes) {
    const isChosen = isUncertain(cause) && uncertain++ < MAX_UNCERTAIN
    lists = lists.flatMap((list) => (isChosen ? [[...list, cause], list] : [[...list, cause]]))
  }
  return lists
}

function toRow(row: RowValues): Row {
  return {
    seq: Number(row.seq),
    kind: row.kind as AlertKind,
    subject: String(row.subject),
    openedAt: Number(row.opened_at),
    lastAt: Number(row.last_at),
    count: Number(row.count),
    endedAt: numberOrNull(row.ended_at),
    lastMessageAt: numberOrNull(row.last_message_at),
    isSilent: Number(row.is_silent) === 1,
  }
}

function textOf({ incidents, messages }: Outcome): string {
  const states = incidents.map(({ openedAt, lastAt, count, endedAt, lastMessageAt, isSilent }) => {
    return [openedAt, lastAt, count, endedAt ?? 'open', lastMessageAt ?? 'no message', isSilent ? 'silent' : ''].join(
      ' ',
    )
  })
  const sent = messages.map(({ state, at, count, since }) => `${state} ${at} ${count} ${since}`)
  return `[${states.join(', ')}] with [${sent.join(', ')}]`
}
