/** Reads which executions of a backfill or refire come next. Used by the loop and, to count them, by the services. */

import { UsageError } from '../../errors.ts'
import { BATCH_PRIORITY } from '../../model/limits/limits.ts'
import type { Backfill, Batch, BatchCursor, Refire } from '../../model/schedule-rows.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { EnginePorts } from '../engine-options.ts'
import { currentDefinition } from '../services/workflow-service.ts'
import { cronInput, executionOrError, newInstanceExecution } from '../starts/firing-context.ts'
import { type BackfillPlan, isExhausted, MAX_TIMES_PER_STEP, nextBackfillTimes } from './backfill-times.ts'
import type { BatchStart, StoredFiring } from './batch-store.ts'

/** Contexts of one step. A larger one is in a step of its own. */
const MAX_CONTEXT_CHARS = 8_000_000
const MAX_FIRINGS_PER_STEP = 100

export interface NextStarts {
  readonly starts: readonly BatchStart[]
  readonly leftOut: number
  readonly cursor: BatchCursor
}

type Ports = Pick<EnginePorts, 'store' | 'registry' | 'codec' | 'newId'>

export type RefirePlan = Pick<Refire, 'trigger' | 'executionStatus' | 'toAt' | 'cursor'>

/** Returns at most `most` executions. Null if the workflow or the schedule is not in the database. */
export async function nextStarts(batch: Batch, most: number, ports: Ports): Promise<NextStarts | null> {
  return batch.kind === 'backfill'
    ? await nextBackfillStarts(batch, most, ports)
    : await nextRefireStarts(batch, most, ports)
}

async function nextBackfillStarts(backfill: Backfill, most: number, ports: Ports): Promise<NextStarts | null> {
  const { store, codec, newId } = ports
  const { id: backfillId, scheduleId: schedule, trigger, expression, timezone } = backfill
  const [row, workflow] = [await store.getCron(schedule), await currentDefinition(ports, backfill.workflow)]
  if (row === null || workflow === null) return null
  const after = backfill.cursor.at + 1
  const fired = backfill.again
    ? { knownFromAt: null, times: [] }
    : await store.batches.firedTimes(schedule, after, backfill.toAt, MAX_TIMES_PER_STEP)
  const { times, leftOut, cursor } = nextBackfillTimes(backfill, fired, most)
  const origin = { kind: 'backfill', schedule, trigger, backfillId } as const
  const starts = times.flatMap((scheduledAt): readonly BatchStart[] => {
    const inputText = cronInput({ ...row, expression, timezone }, scheduledAt, 'backfill', codec)
    const execution = executionOrError(() => newInstanceExecution(newId(), workflow, inputText, codec, BATCH_PRIORITY))
    return execution instanceof UsageError ? [] : [{ execution, origin, scheduledAt }]
  })
  return { starts, leftOut: leftOut + times.length - starts.length, cursor }
}

export interface NextFirings {
  readonly firings: readonly StoredFiring[]
  readonly cursor: BatchCursor
}

/** Returns the next firings of a trigger, and the cursor after them. Leaves out executions with another status. */
export async function nextFirings(
  plan: RefirePlan,
  { store }: Pick<Ports, 'store'>,
  limit = MAX_FIRINGS_PER_STEP,
): Promise<NextFirings> {
  const { trigger, cursor, toAt, executionStatus } = plan
  const firings = await store.batches.firingsAfter(trigger, cursor, toAt, limit)
  const isLast = firings.length < limit
  const isChosen = ({ execution }: StoredFiring) =>
    execution === null || executionStatus === null || execution.status === executionStatus
  return {
    firings: firings.filter(isChosen),
    cursor: isLast ? { at: toAt, seq: 0 } : (firings.at(-1)?.cursor ?? cursor),
  }
}

async function nextRefireStarts(refire: Refire, most: number, ports: Ports): Promise<NextStarts | null> {
  // Firings with another status or without an execution start nothing, so more are read than can start.
  const limit = refire.executionStatus === null ? Math.min(2 * most + 1, MAX_FIRINGS_PER_STEP) : MAX_FIRINGS_PER_STEP
  const { firings, cursor } = await nextFirings(refire, ports, limit)
  const starts: BatchStart[] = []
  let [leftOut, chars, last] = [0, 0, refire.cursor]
  for (const firing of firings) {
    const execution = starts.length < most && chars < MAX_CONTEXT_CHARS ? await refired(refire, firing, ports) : 'full'
    if (execution === 'full') return { starts, leftOut, cursor: last }
    if (execution === null) leftOut += 1
    else {
      chars += execution.execution.inputText.length
      starts.push(execution)
    }
    last = firing.cursor
  }
  return { starts, leftOut, cursor }
}

/** Returns null if the firing starts nothing: its execution was pruned, or has no workflow or value of a limit. */
async function refired({ id, trigger }: Refire, firing: StoredFiring, ports: Ports): Promise<BatchStart | null> {
  if (firing.execution === null) return null
  const { store, codec, newId } = ports
  const workflow: WorkflowDefinition | null = await currentDefinition(ports, firing.execution.workflow)
  const inputText = await store.history.contextText(firing.execution.id, 'input')
  if (inputText === null || workflow === null) return null
  const origin = { kind: 'refire', trigger, firingId: firing.id, refireId: id } as const
  const execution = executionOrError(() => newInstanceExecution(newId(), workflow, inputText, codec, BATCH_PRIORITY))
  return execution instanceof UsageError ? null : { execution, origin, scheduledAt: null }
}

/** Calls a function with each part of a plan, with pauses, until nothing is left or it returns false. */
export async function forEachPart<Plan extends Pick<BackfillPlan, 'cursor' | 'toAt'>>(
  plan: Plan,
  { clock }: Pick<EnginePorts, 'clock'>,
  next: (plan: Plan) => Promise<BatchCursor>,
): Promise<void> {
  for (let part = plan; !isExhausted(part); part = { ...part, cursor: await next(part) }) {
    // Not a timer of the clock, which does not keep a command alive that has nothing else to do.
    if (part !== plan) await new Promise<void>((resolve) => clock.soon(resolve))
  }
}
