/**
 * Invariants of the limits of workflows, from the manual: at most `maxActive` executions of a value have begun. The
 * others wait in the order of their priority and age, are refused, or are replaced by the newest one. The end of an
 * execution lets the next one begin in the same commit.
 */

import type { WorkflowLimit } from '../../../src/model/workflow.ts'
import type { Program } from '../program.ts'
import type { RowChange, RowValues } from '../recorder.ts'
import { type ExecutionModel, numberOrNull, textOrNull } from './executions.ts'
import { keyOf, type LimitModel, valueIn } from './limits.ts'
import type { Report } from './violation.ts'

interface Waiting {
  readonly id: string
  readonly seq: number
  readonly rank: number
  readonly createdAt: number
}

interface Key {
  readonly workflow: string
  readonly value: string
  readonly begun: Set<string>
  /** Executions that wait, by id. */
  readonly line: Map<string, Waiting & { readonly entry: number }>
  /** Simulated time since which a slot is free although executions wait. */
  freeSince: number | null
  /** Simulated time at which no slot was free. */
  fullAt: number
}

interface Queued {
  readonly key: Key
  readonly execution: Waiting
}

interface Begun extends Queued {
  /** Maximum of the limit then, which a later step of the same commit may change. */
  readonly most: number
  readonly isClosed: boolean
}

export interface WorkflowLimitPorts {
  readonly program: Program
  readonly executions: ExecutionModel
  readonly limits: LimitModel
  readonly report: Report
  readonly hasHealthyEngine: (since: number) => boolean
}

const GIVEN_WITHIN_MS = 3_000

export class WorkflowLimitModel {
  readonly #ports: WorkflowLimitPorts
  readonly #keys = new Map<string, Key>()
  readonly #keyOfExecution = new Map<string, Key>()
  #begunNow: Begun[] = []
  #queuedNow: Queued[] = []
  #addedNow: { readonly row: RowValues; readonly limit: WorkflowLimit }[] = []
  readonly #endedNow = new Set<Key>()
  /** Number of executions that have begun to wait. */
  #entries = 0

  constructor(ports: WorkflowLimitPorts) {
    this.#ports = ports
  }

  /** Call it after the model of limits has applied the change. */
  apply({ table, before, after }: RowChange, now: number): void {
    if (table !== 'executions' || after === null) return
    const id = String(after.id)
    const limit = this.#limitOf(String(after.workflow))
    if (limit === undefined) return
    if (before === null && !this.#keyOfExecution.has(id)) this.#addedNow.push({ row: after, limit })
    const value = textOrNull(after.limit_value)
    const key = value === null ? this.#keyOfExecution.get(id) : this.#keyFor(String(after.workflow), value)
    if (key === undefined) return
    this.#keyOfExecution.set(id, key)
    const seq = Number(after.seq)
    const execution: Waiting = { id, seq, rank: Number(after.rank), createdAt: Number(after.created_at) }
    if (numberOrNull(after.ended_at) !== null) this.#ended(key, execution, textOrNull(after.error_message))
    else if (isInLine(after)) this.#queued(key, execution)
    else if (!isWaitingForTrigger(after) && !key.begun.has(id)) this.#began(key, execution, now)
  }

  committed(now: number): void {
    for (const { row, limit } of this.#addedNow) this.#checkValue(row, limit)
    for (const begun of this.#begunNow) this.#checkBegun(begun)
    for (const queued of this.#queuedNow) this.#checkQueued(queued)
    for (const key of this.#keys.values()) this.#checkKey(key, now)
    this.#addedNow = []
    this.#begunNow = []
    this.#queuedNow = []
    this.#endedNow.clear()
  }

  /** Returns whether a value had no free slot at some time since then. */
  wasFullSince(workflow: string, value: string, since: number): boolean {
    const { limits } = this.#ports
    const per = this.#limitOf(workflow)?.per ?? null
    const shared = per === null ? 'null' : value
    const isClosed = limits.closedUntil(nameOf(workflow), shared) > limits.databaseTime(since)
    const key = this.#keys.get(keyOf(workflow, shared))
    return isClosed || (key !== undefined && (this.#isFull(key) || key.fullAt >= since))
  }

  #limitOf(workflow: string): WorkflowLimit | undefined {
    return this.#ports.program.workflows.find(({ key }) => key === workflow)?.limit
  }

  #keyFor(workflow: string, value: string): Key {
    const text = keyOf(workflow, value)
    const key = this.#keys.get(text) ?? {
      ...{ workflow, value, begun: new Set<string>(), line: new Map() },
      ...{ freeSince: null, fullAt: Number.NEGATIVE_INFINITY },
    }
    this.#keys.set(text, key)
    return key
  }

  #queued(key: Key, execution: Waiting): void {
    const known = key.line.get(execution.id)
    if (known === undefined) {
      this.#queuedNow.push({ key, execution })
      this.#entries += 1
    }
    // Clocks of machines differ, so that the newest execution is the last one in the line.
    key.line.set(execution.id, { ...execution, entry: known?.entry ?? this.#entries })
    key.begun.delete(execution.id)
  }

  #began(key: Key, execution: Waiting, now: number): void {
    key.line.delete(execution.id)
    key.begun.add(execution.id)
    const { limits } = this.#ports
    const isClosed = limits.isClosed(nameOf(key.workflow), key.value, now)
    this.#begunNow.push({ key, execution, most: this.#mostOf(key), isClosed })
  }

  #ended(key: Key, execution: Waiting, message: string | null): void {
    const wasBegun = key.begun.delete(execution.id)
    const waiting = key.line.get(execution.id)
    key.line.delete(execution.id)
    if (wasBegun) this.#endedNow.add(key)
    const by = /replaced by (\S+)/.exec(message ?? '')?.[1]
    if (by === undefined) return
    // The newer execution may be replaced in the same commit, too.
    const other = key.line.get(by)
    const isNewer = other !== undefined && other.entry > (waiting?.entry ?? 0)
    if (this.#limitOf(key.workflow)?.overflow !== 'newest' || !isNewer)
      this.#report('only-older-waiting-are-replaced', `execution ${execution.id} was replaced by ${by}`)
    if (wasBegun)
      this.#report('only-older-waiting-are-replaced', `execution ${execution.id} was replaced, and had begun`)
  }

  #report(invariant: string, message: string): void {
    this.#ports.report(invariant, message)
  }

  #checkValue({ seq, id, limit_value }: RowValues, { per }: WorkflowLimit): void {
    const { executions } = this.#ports
    const expected = valueIn(executions.bySeq.get(Number(seq))?.input ?? '{}', per)
    if (limit_value !== expected)
      this.#report('limits-use-the-value-of-the-input', `execution ${id} has ${limit_value}, its input ${expected}`)
  }

  #mostOf({ workflow }: Key): number {
    const { limits } = this.#ports
    return limits.values(nameOf(workflow)).maxActive ?? this.#limitOf(workflow)?.maxActive ?? Number.POSITIVE_INFINITY
  }

  #isFull(key: Key): boolean {
    return key.line.size > 0 || key.begun.size >= this.#mostOf(key)
  }

  #checkBegun({ key, execution, most, isClosed }: Begun): void {
    const { workflow, value, begun, line } = key
    const text = `execution ${execution.id} of ${keyOf(workflow, value)} began`
    if (!begun.has(execution.id)) return
    if (begun.size > Math.max(most, this.#mostOf(key)))
      this.#report('workflow-limits-are-kept', `${text} as number ${begun.size} of ${most}`)
    if (isClosed) this.#report('closed-limits-rest', `${text}, which is closed`)
    // PostgreSQL passes over executions that other transactions have locked.
    if (this.#ports.program.store === 'postgres') return
    const first = [...line.values()].find(
      (other) => isBefore(other, execution) && !this.#queuedNow.some((queued) => queued.execution.id === other.id),
    )
    if (first !== undefined) this.#report('waiting-executions-come-first', `${text} before ${first.id}, which waits`)
  }

  #checkQueued({ key, execution }: Queued): void {
    const overflow = this.#limitOf(key.workflow)?.overflow
    if (!key.line.has(execution.id)) return
    const text = `execution ${execution.id} of ${keyOf(key.workflow, key.value)}`
    if (overflow === 'drop') this.#report('dropped-executions-never-wait', `${text} waits`)
    if (overflow !== 'newest' || this.#ports.program.store === 'postgres') return
    const others = [...key.line.keys()].filter((id) => id !== execution.id)
    if (others.length > 0) this.#report('only-the-newest-waits', `${text} waits, and also ${others.join(', ')}`)
  }

  #checkKey(key: Key, now: number): void {
    const { limits, program, hasHealthyEngine } = this.#ports
    const { workflow, value, begun, line } = key
    if (this.#isFull(key) || limits.isClosed(nameOf(workflow), value, now)) key.fullAt = now
    const isFree = line.size > 0 && begun.size < this.#mostOf(key) && !limits.isClosed(nameOf(workflow), value, now)
    if (!isFree) {
      key.freeSince = null
      return
    }
    key.freeSince ??= now
    const isCause = this.#endedNow.has(key) || limits.changedNow.has(nameOf(workflow))
    const isAtOnce = isCause && program.store === 'sqlite'
    const forMs = now - key.freeSince
    if (!isAtOnce && (forMs <= GIVEN_WITHIN_MS + 4 * program.answerWithinMs || !hasHealthyEngine(key.freeSince))) return
    const ids = [...line.keys()].join(', ')
    this.#report(
      'free-slots-are-given',
      `${keyOf(workflow, value)} has a free slot for ${Math.round(forMs)} ms: ${ids}`,
    )
  }
}

function nameOf(workflow: string): string {
  return `workflow:${workflow}`
}

function isInLine({ waits_for }: RowValues): boolean {
  return textOrNull(waits_for)?.startsWith('workflow:') === true
}

function isWaitingForTrigger({ waits_for }: RowValues): boolean {
  return textOrNull(waits_for)?.startsWith('trigger:') === true
}

function isBefore(one: Waiting, other: Waiting): boolean {
  if (one.rank !== other.rank) return one.rank < other.rank
  return one.createdAt === other.createdAt ? one.seq < other.seq : one.createdAt < other.createdAt
}
