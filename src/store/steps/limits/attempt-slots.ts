/** Part of settlements: attempts take slots of limits when they begin, and give them back when they have ended. */

import type { LimitedTask, SlotUse } from '../../../engine/limits/limit-store.ts'
import type { Settlement, TaskChange } from '../../../engine/store-ports.ts'
import type { LimitKey } from '../../../model/limits/limits.ts'
import { EXTEND_CLOSING, FIND_LEASE } from '../../sql/executions/limit-sql.ts'
import { collectReplies, type Reply, type RowValues, type Session, type Step } from '../../store-session.ts'
import { loadKeys, lockKeys, sortedKeys } from './key-states.ts'
import { longestWindowMs } from './limit-values.ts'
import { offerSlots } from './slot-offers.ts'
import { attemptNumber, type OwnWait, SlotTaking } from './slot-taking.ts'

interface SettledExecution {
  readonly record: {
    readonly seq: number
    readonly id: string
    readonly workflow: string
    readonly owner_seq: number | null
  }
  readonly settlement: Settlement
}

/** Change of a task that uses slots. */
interface Use {
  readonly seq: number
  readonly executionId: string
  readonly workflow: string
  readonly ownerSeq: number
  readonly change: TaskChange
  readonly slots: SlotUse
}

interface OpenAttempt extends LimitKey {
  readonly ordinal: number
  readonly execution_seq: number
  readonly task_id: string
  readonly attempt: number
  readonly owner_seq: number
}

/** Wait of a task, as stored. */
interface StoredWait extends LimitKey {
  readonly execution_seq: number
  readonly task_id: string
  readonly openedAt: number
  readonly isFree: boolean | number
  readonly vainOffers: number
}

interface KeptSlot extends LimitKey {
  readonly execution_seq: number
  readonly task_id: string
}

export interface SlotResult {
  /** Tasks that wait, by execution. */
  readonly limited: ReadonlyMap<string, readonly LimitedTask[]>
  /** Ids of executions to which slots were offered. */
  readonly offered: readonly string[]
}

const NO_RESULT: SlotResult = { limited: new Map(), offered: [] }

export function usesSlots({ changes }: Settlement): boolean {
  return changes.some(({ slots }) => slots !== undefined)
}

/** Takes and gives slots. The caller has locked the executions, and stores the changes of limited tasks as waits. */
export function* useSlots(session: Session, accepted: readonly SettledExecution[], at: number): Step<SlotResult> {
  const uses = accepted.flatMap(usesOf)
  if (uses.length === 0) return NO_RESULT
  const { limits: sql } = session.sql
  const tasks: RowValues[] = uses.map(({ seq, change }) => [seq, change.taskId])
  const listed = session.allEach<OpenAttempt>(sql.listOpenAttempts, tasks)
  const listedWaits = session.allEach<StoredWait>(sql.listOfTasks, tasks)
  const kept = yield* removeKept(session, uses)
  const waits = yield* listedWaits
  const open = yield* listed
  const closings = uses.flatMap(({ slots }) => (slots.kind === 'give' ? (slots.close ?? []) : []))
  const taken = uses.flatMap(({ slots }) => (slots.kind === 'take' ? slots.limits : []))
  const keys = sortedKeys([...taken, ...open, ...waits, ...kept, ...closings.map(({ key }) => key)])
  if (keys.length === 0) return NO_RESULT
  const leases = findLeases(session, uses)
  const { now, limits } = yield* lockKeys(session, keys)
  const windows = (name: string) => longestWindowMs(limits.get(name))
  endAttempts(
    session,
    open.filter((attempt) => !isRepeated(attempt, uses)),
    windows,
    now,
  )
  for (const { key, forMs } of closings) session.run(EXTEND_CLOSING, key.name, key.value, now, now + forMs)
  // Before the lines are read: the tasks of these waits try again at their places.
  const tried = waits.filter((wait) => uses.some((use) => isOf(wait, use)))
  if (tried.length > 0)
    session.each(
      session.sql.waits.remove,
      tried.map(({ execution_seq, task_id }) => [execution_seq, task_id]),
    )
  const states = yield* loadKeys(session, keys, limits, now)
  const taking = new SlotTaking(states, now, at)
  const leaseEnds = yield* leases
  for (const use of uses) {
    const { ownerSeq, slots } = use
    if (slots.kind !== 'take' || open.some((attempt) => isOf(attempt, use) && isRepeated(attempt, [use]))) continue
    // Without a valid lease, others would take the slot as well.
    const hasLease = (leaseEnds.get(ownerSeq) ?? 0) > now
    taking.take({ ...use, slots }, ownWait(use, waits, kept), hasLease)
  }
  taking.write(session)
  const offered = [...states.values()].filter((state) => !taking.refusedWithoutLease.has(state))
  const { executionIds } = yield* offerSlots(session, offered, { at, now })
  return { limited: taking.limited, offered: executionIds }
}

function usesOf({ record: { seq, id, workflow, owner_seq }, settlement }: SettledExecution): readonly Use[] {
  return settlement.changes.flatMap((change) => {
    const { slots } = change
    return slots === undefined ? [] : { seq, executionId: id, workflow, ownerSeq: owner_seq ?? 0, change, slots }
  })
}

function isOf(row: { readonly execution_seq: number; readonly task_id: string }, { seq, change }: Use): boolean {
  return row.execution_seq === seq && row.task_id === change.taskId
}

/** Returns whether an open attempt is the one that begins: its change is stored again. */
function isRepeated(attempt: OpenAttempt, uses: readonly Use[]): boolean {
  const use = uses.find((each) => isOf(attempt, each))
  return (
    use?.slots.kind === 'take' && attempt.attempt === attemptNumber(use.change) && attempt.owner_seq === use.ownerSeq
  )
}

/** Returns the slots that are kept for tasks with several limits, and removes them: the tasks try again. */
function* removeKept(session: Session, uses: readonly Use[]): Step<readonly KeptSlot[]> {
  const several = uses.filter(({ slots }) => slots.kind === 'take' && slots.limits.length > 1)
  if (several.length === 0) return []
  const { listKeptOfTasks, deleteKept } = session.sql.limits
  const tasks: RowValues[] = several.map(({ seq, change }) => [seq, change.taskId])
  const kept = yield* session.allEach<KeptSlot>(listKeptOfTasks, tasks)
  if (kept.length > 0) session.each(deleteKept, tasks)
  return kept
}

function ownWait(use: Use, waits: readonly StoredWait[], kept: readonly KeptSlot[]): OwnWait | null {
  const wait = waits.find((each) => isOf(each, use))
  if (wait === undefined) return null
  // Rows of an earlier wait may be left over.
  return { ...wait, kept: wait.vainOffers > 0 ? kept.filter((each) => isOf(each, use)) : [] }
}

/** Removes the rows of limits without a window. */
function endAttempts(
  session: Session,
  ended: readonly OpenAttempt[],
  windows: (name: string) => number | null,
  now: number,
): void {
  const [kept, removed]: [RowValues[], RowValues[]] = [[], []]
  for (const { name, value, ordinal } of ended) (windows(name) === null ? removed : kept).push([name, value, ordinal])
  if (kept.length > 0) session.each(session.sql.limits.endAttempts, kept, now)
  if (removed.length > 0) session.each(session.sql.limits.deleteAttempts, removed)
}

/** Returns the ends of the leases of engines that take slots. The statements are sent in this call. */
function findLeases(session: Session, uses: readonly Use[]): Step<ReadonlyMap<number, number>> {
  const owners = [...new Set(uses.flatMap(({ slots, ownerSeq }) => (slots.kind === 'take' ? ownerSeq : [])))]
  const replies = owners.map((owner) => session.one<{ readonly expiresAt: number }>(FIND_LEASE, owner))
  return endsOf(owners, replies)
}

function* endsOf(
  owners: readonly number[],
  replies: readonly Reply<{ readonly expiresAt: number } | undefined>[],
): Step<ReadonlyMap<number, number>> {
  const found = yield* collectReplies(replies)
  return new Map(owners.map((owner, index) => [owner, found[index]?.expiresAt ?? 0]))
}
