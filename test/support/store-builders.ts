/**
 * Values for store tests, complete and dull, so that a test shows only what matters to it. Ids are real UUIDs;
 * instants are small offsets from the fake clock's start.
 */

import { randomUUID } from 'node:crypto'
import type {
  CronClaim,
  FailedTick,
  FiredTick,
  NewCronSchedule,
  NewExecution,
  Page,
  Settlement,
  SkippedTick,
  TaskChange,
  TriggerDeclaration,
} from '../../src/engine/ports.ts'
import type { NewAction } from '../../src/model/action.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'

/** Where the fake clock of a store test starts. */
export const START = Date.UTC(2026, 0, 1)

export const FIRST_PAGE: Page = { limit: 100, offset: 0 }

export function declaration(given: Partial<TriggerDeclaration> = {}): TriggerDeclaration {
  return {
    name: 'inbox',
    workflow: 'ingest',
    pollIntervalMs: 5_000,
    allowConcurrent: false,
    policy: DEFAULT_POLICY,
    ...given,
  }
}

type GivenExecution = Partial<Omit<NewExecution, 'tasks'>> & { readonly tasks?: readonly string[] }

export function newExecution(given: GivenExecution = {}): NewExecution {
  const { tasks = ['only'], workflow = 'ingest', ...rest } = given
  return {
    id: randomUUID(),
    version: '0123456789abcdef',
    inputText: '{}',
    ...rest,
    workflow,
    tasks: tasks.map((taskId) => ({ taskId, fullName: `public::embedded::${workflow}::${taskId}` })),
  }
}

export function firedTick(given: Partial<FiredTick> = {}): FiredTick {
  return {
    trigger: 'inbox',
    // That of a trigger which nobody has leased yet.
    lease: 0,
    at: START,
    latenessMs: 3,
    durationMs: 12,
    contextHash: 'aaaaaaaaaaaaaaaa',
    allowConcurrent: false,
    maxActive: null,
    onChange: false,
    byHand: null,
    firingId: randomUUID(),
    execution: newExecution(),
    ...given,
  }
}

export function skippedTick(given: Partial<SkippedTick> = {}): SkippedTick {
  return { trigger: 'inbox', at: START, latenessMs: 3, durationMs: 12, reason: null, isFiring: false, ...given }
}

export function failedTick(given: Partial<FailedTick> = {}): FailedTick {
  return {
    trigger: 'inbox',
    lease: 0,
    at: START,
    latenessMs: 3,
    durationMs: 12,
    outcome: 'failed',
    error: FAULT,
    pauseAfter: null,
    ...given,
  }
}

export const FAULT: PythonFault = {
  type: 'ValueError',
  message: "trigger 'inbox' raised exception: no such folder",
  traceback: 'Traceback (most recent call last):\n  …\nValueError: no such folder\n',
}

export function change(taskId: string, given: Partial<TaskChange> = {}): TaskChange {
  return {
    taskId,
    status: 'Running',
    attempts: 1,
    recoveries: 0,
    notBeforeAt: null,
    startedAt: START,
    endedAt: null,
    finishedOrder: null,
    outputText: null,
    error: null,
    ...given,
  }
}

export function completed(taskId: string, given: Partial<TaskChange> = {}): TaskChange {
  return change(taskId, { status: 'Completed', endedAt: START + 10, finishedOrder: 1, outputText: '{}', ...given })
}

/** A settlement of an execution that was acquired once. After a further acquisition, give its `ownerNumber`. */
export function settlement(executionId: string, given: Partial<Settlement> = {}): Settlement {
  return { executionId, ownerNumber: 1, changes: [], end: null, ...given }
}

export function newAction(given: Partial<NewAction> = {}): NewAction {
  return {
    id: randomUUID(),
    kind: 'cancel',
    target: 'e-1',
    source: 'cli',
    note: null,
    argumentsText: null,
    at: START,
    ...given,
  }
}

export function newCron(given: Partial<NewCronSchedule> = {}): NewCronSchedule {
  return {
    id: randomUUID(),
    workflow: 'nightly',
    expression: '0 2 * * *',
    timezone: 'UTC',
    catchup: 'skip',
    nextRunAt: START + 7_200_000,
    triggerName: null,
    instanceName: null,
    paramsText: null,
    at: START,
    ...given,
  }
}

export function cronClaim(schedule: NewCronSchedule, given: Partial<CronClaim> = {}): CronClaim {
  return {
    scheduleId: schedule.id,
    dueAt: schedule.nextRunAt,
    nextRunAt: schedule.nextRunAt + 86_400_000,
    firingId: randomUUID(),
    at: schedule.nextRunAt + 3,
    execution: newExecution({ workflow: schedule.workflow }),
    ...given,
  }
}
