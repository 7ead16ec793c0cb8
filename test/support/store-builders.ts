/**
 * Builders of values for store tests, with defaults, so that a test shows only the fields that it needs. Ids are real
 * UUIDs; times are offsets from `START`.
 */

import { randomUUID } from 'node:crypto'
import type { CronClaim, NewCronSchedule } from '../../src/engine/cron/cron-store.ts'
import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { NewExecution } from '../../src/engine/starts/new-executions.ts'
import type {
  FailedTick,
  FiredTick,
  NewTriggerFiring,
  Page,
  Settlement,
  TaskChange,
  TriggerDeclaration,
} from '../../src/engine/store-ports.ts'
import type { SkippedTick } from '../../src/engine/triggers/poll-records.ts'
import type { NewAction } from '../../src/model/action.ts'
import type { AlertFacts, AlertRow } from '../../src/model/alert.ts'
import type { PythonFault } from '../../src/model/fault.ts'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'

/** Start time of the clock in store tests. */
export const START = Date.UTC(2026, 0, 1)

export const FIRST_PAGE: Page = { limit: 100, offset: 0 }

export function declaration(given: Partial<TriggerDeclaration> = {}): TriggerDeclaration {
  return {
    name: 'inbox',
    workflow: 'ingest',
    pollIntervalMs: 5_000,
    allowConcurrent: false,
    policy: DEFAULT_POLICY,
    initialStateText: null,
    tags: null,
    priority: null,
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

/** Returns a tick with one firing, whose fields it has too, unless `firings` are given. */
export function firedTick(given: Partial<FiredTick & NewTriggerFiring> = {}): FiredTick & NewTriggerFiring {
  const firing = newFiring(given)
  return {
    trigger: 'inbox',
    // Lease number of a trigger that no engine has leased yet.
    lease: 0,
    at: START,
    latenessMs: 3,
    durationMs: 12,
    firings: [firing],
    allowConcurrent: false,
    maxActive: null,
    aboveLimit: 'dropped',
    onChange: false,
    keysExpireAt: null,
    byHand: null,
    ...firing,
    ...given,
  }
}

export function newFiring(given: Partial<NewTriggerFiring> = {}): NewTriggerFiring {
  const { firingId = randomUUID(), contextHash = 'aaaaaaaaaaaaaaaa', key = null, execution = newExecution() } = given
  return { firingId, contextHash, key, execution }
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

/** Returns a settlement of an execution that was acquired once. After further acquisitions, pass `ownerNumber`. */
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
    expectFireMs: null,
    tags: null,
    priority: null,
    at: START,
    ...given,
  }
}

export function cronClaim(schedule: NewCronSchedule, given: Partial<CronClaim> = {}): CronClaim {
  return {
    scheduleId: schedule.id,
    dueAt: schedule.nextRunAt,
    nextRunAt: schedule.nextRunAt + 86_400_000,
    followingRunAt: schedule.nextRunAt + 86_400_000,
    firingId: randomUUID(),
    at: schedule.nextRunAt + 3,
    execution: newExecution({ workflow: schedule.workflow }),
    ...given,
  }
}

export const URL_OF_ONCALL = { receiver: 'oncall', to: 'url' } as const

export function alertFacts(given: Partial<AlertFacts> = {}): AlertFacts {
  return {
    subject: 'e-1',
    message: 'Workflow "ingest" failed: only: ValueError: žluťoučký',
    workflow: 'ingest',
    trigger: null,
    task: 'only',
    errorType: 'ValueError',
    cause: 'only: ValueError: žluťoučký',
    executionId: 'e-1',
    ...given,
  }
}

/** Returns a report with a repetition after 4 h and a cool-down of 10 min. */
export function incidentReport(given: Partial<IncidentReport> = {}): IncidentReport {
  return {
    kind: 'execution-failed',
    subject: 'ingest',
    facts: alertFacts(),
    at: START,
    targets: [URL_OF_ONCALL],
    repeatMs: 4 * 3_600_000,
    cooldownMs: 600_000,
    sendsRecovery: true,
    isMoment: false,
    ...given,
  }
}

export function sentAlert(given: Partial<AlertRow> = {}): AlertRow {
  return {
    ...alertFacts(),
    id: 'a-1',
    kind: 'execution-failed',
    state: 'opened',
    at: START,
    count: 1,
    since: START,
    deliveries: [],
    ...given,
  }
}
