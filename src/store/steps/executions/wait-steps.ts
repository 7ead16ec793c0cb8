/** Steps of waits. */

import type { Clock } from '../../../engine/clock-port.ts'
import type {
  CreationRange,
  EndedWait,
  EndedWaits,
  WaitedLimit,
  WaitingNode,
  WaitStore,
} from '../../../engine/waits/wait-store.ts'
import type { JsonObject } from '../../../model/context.ts'
import { type LimitKey, limitedWorkflow, workflowLimitName } from '../../../model/limits/limits.ts'
import type { NodeWait, OpenWait, StoredWait, WaitEnding, WaitKind } from '../../../model/waits.ts'
import { LEAVE_WORKFLOW_LIMIT, LIST_WAITED_WORKFLOWS, WORKFLOW_LINES } from '../../sql/executions/limit-sql.ts'
import * as sql from '../../sql/executions/wait-sql.ts'
import { type RowValues, type RunStep, type Session, type Step, stepMethod, toRows } from '../../store-session.ts'
import { textOfKey } from '../limits/key-states.ts'
import { type ShownWait, shownWaits } from '../limits/shown-limits.ts'
import { endWaits, type WaitKey } from './ended-waits.ts'
import { type OpenedSignalWait, useKeptSignals } from './signal-steps.ts'

interface EndingColumns {
  readonly outcome: WaitEnding['kind'] | null
  readonly endedAt: number | null
  readonly payload: string | null
}

interface WaitRecord extends EndingColumns {
  readonly executionSeq: number
  readonly taskId: string
  readonly kind: WaitKind
  readonly openedAt: number
  readonly deadlineAt: number | null
  readonly signal: string | null
  readonly waitKey: string | null
  readonly approvalId: string | null
  readonly limitName: string | null
  readonly limitValue: string | null
  /** Title and form of the approval. */
  readonly title: string | null
  readonly form: string | null
}

export function waitStore(run: RunStep, clock: Pick<Clock, 'now'>): WaitStore {
  return {
    nextDeadline: stepMethod(run, 'read', function* (session) {
      return (yield* session.one<{ readonly at: number | null }>(sql.NEXT_DEADLINE))?.at ?? null
    }),
    // Alone: it locks executions in the order of their numbers.
    endDue: stepMethod(run, 'accept', endDue, 'alone'),
    endedOf: stepMethod(run, 'read', endedOf),
    waitingNodes: stepMethod(run, 'read', function* (session) {
      return yield* session.all<WaitingNode>(sql.LIST_WAITING_NODES)
    }),
    waitedLimits: stepMethod(run, 'read', function* (session) {
      return yield* session.all<WaitedLimit>(sql.LIST_WAITED_LIMITS)
    }),
    limitedWorkflows: stepMethod(run, 'read', function* (session) {
      const waited = yield* session.all<LimitKey>(LIST_WAITED_WORKFLOWS, ...WORKFLOW_LINES)
      return [...new Set(waited.flatMap(({ name }) => limitedWorkflow(name) ?? []))]
    }),
    makeAvailable: stepMethod(run, 'write', makeAvailable, 'alone'),
    leaveLimit: stepMethod(run, 'write', leaveLimit, 'alone'),
    leaveWorkflowLimit: stepMethod(run, 'write', leaveWorkflowLimit, 'alone'),
    openOfEach: (ids) => run('read', (session) => openOfEach(session, ids, clock.now())),
    listUnjudged: stepMethod(
      run,
      'read',
      function* (session, { workflow, after, until }: CreationRange, limit: number) {
        const found = yield* session.all<{ readonly id: string }>(sql.LIST_UNJUDGED, workflow, after, until, limit)
        return found.map(({ id }) => id)
      },
    ),
    countOpen: stepMethod(run, 'read', function* (session) {
      const counts = yield* session.all<{ readonly kind: WaitKind; readonly open: number }>(sql.COUNT_OPEN_WAITS)
      return new Map(counts.map(({ kind, open }) => [kind, open]))
    }),
  }
}

function* endDue(session: Session, at: number, limit: number): Step<EndedWaits> {
  const due = yield* session.all<WaitKey & { readonly kind: WaitKind }>(sql.LIST_DUE_WAITS, at, limit)
  const { ended, available } = yield* endWaits(session, due, { kind: 'elapsed', endedAt: at })
  const expired = ended.filter(({ kind }) => kind === 'approval')
  if (expired.length > 0) {
    const nodes = expired.map(({ execution_seq, task_id }) => [execution_seq, task_id])
    session.each(session.sql.approvals.expire, nodes, at)
  }
  return { available, isMore: due.length === limit }
}

function* makeAvailable(session: Session, { workflow, taskId }: WaitingNode): Step<readonly string[]> {
  return yield* available(session, sql.MAKE_NODES_AVAILABLE, workflow, taskId)
}

function* available(session: Session, statement: string, ...values: RowValues): Step<readonly string[]> {
  const found = yield* session.all<{ readonly id: string }>(statement, ...values)
  const ids = found.map(({ id }) => id)
  if (ids.length > 0) session.notifyEnginesOf(ids)
  return ids
}

function* leaveLimit(session: Session, { workflow, taskId, limit }: WaitedLimit): Step<readonly string[]> {
  return yield* available(session, sql.LEAVE_LIMIT, workflow, taskId, limit)
}

function* leaveWorkflowLimit(session: Session, workflow: string, at: number): Step<readonly string[]> {
  const name = workflowLimitName(workflow)
  return yield* available(session, LEAVE_WORKFLOW_LIMIT, workflow, at, `${name} `, `${name}!`)
}

function* endedOf(session: Session, instanceId: string): Step<readonly EndedWait[]> {
  type Record = Pick<EndedWait, 'executionId' | 'taskId'> & EndingColumns
  const ended = yield* session.all<Record>(sql.LIST_ENDED_WAITS, instanceId)
  return ended.flatMap(({ executionId, taskId, ...columns }) => {
    const ending = storedEnding(columns)
    return ending === null ? [] : { executionId, taskId, ending }
  })
}

function* openOfEach(
  session: Session,
  executionIds: readonly string[],
  at: number,
): Step<ReadonlyMap<string, readonly OpenWait[]>> {
  type Record = WaitRecord & { readonly executionId: string }
  const open = new Map<string, OpenWait[]>()
  const records = yield* session.all<Record>(session.sql.waits.listOpenOfAll, executionIds)
  const shown = yield* shownWaits(
    session,
    records.flatMap((record) => (record.kind === 'limit' ? limitKey(record) : [])),
  )
  for (const record of records) {
    const wait = record.kind === 'limit' ? openLimitWait(record, shown, at) : openWait(record)
    if (wait !== null) open.set(record.executionId, [...(open.get(record.executionId) ?? []), wait])
  }
  return open
}

/** Returns the waits of executions, open or ended, by the numbers of the executions. */
export function* loadWaits(
  session: Session,
  seqs: readonly number[],
): Step<ReadonlyMap<number, readonly StoredWait[]>> {
  const waits = new Map<number, StoredWait[]>()
  if (seqs.length === 0) return waits
  for (const record of yield* session.allEach<WaitRecord>(session.sql.waits.listWaits, toRows(seqs))) {
    const { executionSeq: seq } = record
    waits.set(seq, [...(waits.get(seq) ?? []), storedWait(record)])
  }
  return waits
}

function storedWait(record: WaitRecord): StoredWait {
  return { ...nodeWait(record), taskId: record.taskId, ending: storedEnding(record) }
}

function nodeWait(record: WaitRecord): NodeWait {
  const { kind, openedAt, deadlineAt, signal, waitKey, approvalId, title, form } = record
  const opened = { openedAt, deadlineAt }
  switch (kind) {
    case 'delay':
      return { kind, ...opened }
    case 'signal':
      return { kind, ...opened, signal: signal ?? '', key: waitKey ?? '' }
    case 'approval': {
      const schema = form === null ? null : (JSON.parse(form) as JsonObject)
      return { kind, ...opened, approvalId: approvalId ?? '', title: title ?? '', form: schema }
    }
    case 'child':
      return { kind, ...opened, childId: waitKey ?? '' }
    case 'limit': {
      const { name: limit, value } = limitKey(record)
      return { kind, ...opened, limit, value }
    }
  }
}

function limitKey({ limitName, limitValue }: WaitRecord): LimitKey {
  return { name: limitName ?? '', value: limitValue ?? 'null' }
}

function openLimitWait(
  record: WaitRecord,
  waits: ReadonlyMap<string, ShownWait>,
  at: number,
): Extract<OpenWait, { readonly kind: 'limit' }> | null {
  const shown = waits.get(textOfKey(limitKey(record)))
  if (shown === undefined) return null
  const { wait, nextInMs } = shown
  return { ...wait, node: record.taskId, since: record.openedAt, until: nextInMs === null ? null : at + nextInMs }
}

function openWait(record: WaitRecord): OpenWait | null {
  const { taskId: node, openedAt: since, deadlineAt: until } = record
  const wait = nodeWait(record)
  switch (wait.kind) {
    case 'delay':
      return { kind: wait.kind, node, since, until: until ?? since }
    case 'signal':
      return { kind: wait.kind, node, signal: wait.signal, key: wait.key, since, until }
    case 'approval':
      return { kind: wait.kind, node, approvalId: wait.approvalId, title: wait.title, since, until }
    case 'child':
      return { kind: wait.kind, node, executionId: wait.childId, since, until: null }
    // Its slots are read first: see `openLimitWait`.
    case 'limit':
      return null
  }
}

function storedEnding({ outcome, endedAt, payload }: EndingColumns): WaitEnding | null {
  if (outcome === null || endedAt === null) return null
  if (outcome === 'elapsed' || outcome === 'child' || outcome === 'free') return { kind: outcome, endedAt }
  return { kind: outcome, endedAt, payloadText: payload ?? 'null' }
}

interface WaitingExecution {
  readonly seq: number
  readonly id: string
  readonly workflow: string
}

/** Opened and removed waits of the changes of one step. */
export class WaitChanges {
  readonly #opened: RowValues[] = []
  readonly #removed: RowValues[] = []
  readonly #approvals: RowValues[] = []
  readonly #signals: OpenedSignalWait[] = []

  add({ seq, id, workflow }: WaitingExecution, taskId: string, wait: NodeWait | null, signalsSinceAt = 0): void {
    if (wait === null) {
      this.#removed.push([seq, taskId])
      return
    }
    const { kind, openedAt, deadlineAt } = wait
    const isSignal = kind === 'signal'
    const key = kind === 'child' ? wait.childId : null
    const names = [isSignal ? wait.signal : null, isSignal ? wait.key : key]
    const approvalId = kind === 'approval' ? wait.approvalId : null
    this.#opened.push([seq, taskId, workflow, kind, openedAt, deadlineAt, ...names, approvalId])
    if (isSignal) {
      const { signal, key } = wait
      this.#signals.push({ seq, executionId: id, taskId, sinceAt: signalsSinceAt, signal, key })
    }
    if (kind !== 'approval') return
    const form = wait.form === null ? null : JSON.stringify(wait.form)
    this.#approvals.push([wait.approvalId, seq, id, workflow, taskId, wait.title, form, openedAt, deadlineAt])
  }

  *write(session: Session, at: number): Step<void> {
    const { waits, approvals } = session.sql
    if (this.#opened.length > 0) {
      session.each(waits.open, this.#opened)
      // Another engine ends the wait if this one dies.
      session.notifyEngines()
    }
    if (this.#removed.length > 0) {
      session.each(waits.remove, this.#removed)
      session.each(approvals.cancel, this.#removed, at)
    }
    if (this.#approvals.length > 0) session.each(approvals.insert, this.#approvals)
    if (this.#signals.length > 0) yield* useKeptSignals(session, this.#signals, at)
  }
}

/** Releases executions that have only waits. */
export function releaseWaiting(session: Session, ids: readonly string[]): void {
  session.each(session.sql.waits.release, toRows(ids))
}
