/** Triggers, ticks and firings as JSON. The fields are a contract; see `docs/command-line.md`. Times are RFC 3339. */

import type { CronTriggerInfo, TickInfo, TriggerInfo } from '../../engine/services/trigger-service.ts'
import type { DisabledPeriod } from '../../engine/services/triggers/disabled-periods.ts'
import type { TriggerState } from '../../engine/services/triggers/trigger-states.ts'
import { parseExactly } from '../../model/context.ts'
import { formatError } from '../../model/fault.ts'
import type { FiringRow, TickRow } from '../../model/schedule-rows.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import type { PollOutcome } from '../../model/trigger.ts'

export function triggerRecord(row: TriggerInfo) {
  return {
    id: row.id,
    name: row.name,
    kind: 'poll',
    workflow: row.workflow,
    pollIntervalMs: row.pollIntervalMs,
    allowConcurrent: row.allowConcurrent,
    policy: row.policy,
    declared: row.declared,
    overrides: row.overrides,
    takesState: row.takesState,
    waitingExecutions: row.waitingExecutions,
    tags: row.tags,
    priority: row.priority,
    enabled: row.isEnabled,
    note: row.note,
    failuresInRow: row.failuresInRow,
    lastPollAt: formatInstantOrNull(row.lastPollAt),
    undeclaredAt: formatInstantOrNull(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}

export function cronTriggerRecord(row: CronTriggerInfo) {
  return {
    id: row.id,
    name: row.triggerName,
    kind: 'cron',
    workflow: row.workflow,
    cron: row.expression,
    timezone: row.timezone,
    catchup: row.catchup,
    expectFireMs: row.expectFireMs,
    tags: row.tags,
    priority: row.priority,
    enabled: row.isEnabled,
    nextRunAt: formatInstantOrNull(row.nextRunAt),
    lastRunAt: formatInstantOrNull(row.lastRunAt),
    undeclaredAt: formatInstantOrNull(row.undeclaredAt),
    problem: row.problem,
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}

export function tickRecord(row: TickRow) {
  return { ...wholeTickRecord(row), errorMessage: formatError(row.errorMessage) }
}

export function wholeTickRecord<Row extends TickRow>(row: Row) {
  return { ...row, firstAt: formatInstant(row.firstAt), lastAt: formatInstant(row.lastAt) }
}

/** The numbers of the state are exact in JSON. */
export function stateRecord({ trigger, stateText, previousText, version, changedAt, changedBy }: TriggerState) {
  return {
    trigger,
    state: parseExactly(stateText),
    version,
    changedAt: formatInstantOrNull(changedAt),
    changedBy,
    previousState: previousText === null ? null : parseExactly(previousText),
  }
}

export function disabledPeriodRecord({ sinceAt, untilAt, source, note }: DisabledPeriod) {
  return { since: formatInstant(sinceAt), until: formatInstantOrNull(untilAt), source, note }
}

/** Returns the states before and after a tick that changed the state, or null. */
export function stateChangeRecord({ stateChange }: Pick<TickInfo, 'stateChange'>) {
  if (stateChange === null) return null
  return { before: parseExactly(stateChange.beforeText), after: parseExactly(stateChange.afterText) }
}

export function firingRecord(row: FiringRow) {
  return {
    ...row,
    startedAt: formatInstant(row.startedAt),
    completedAt: formatInstantOrNull(row.completedAt),
    createdAt: formatInstant(row.createdAt),
  }
}

/** The numbers of the state and of contexts are exact in JSON. */
export function testedRecord(outcome: PollOutcome): object {
  if (outcome.kind !== 'fired' && outcome.kind !== 'skipped') return outcome
  const { stateText, ...rest } = outcome
  const state = stateText === undefined ? {} : { state: parseExactly(stateText) }
  if (rest.kind === 'skipped') return { ...rest, ...state }
  const firings = rest.firings.map(({ contextText, key = null }) => {
    return { key, contextText, context: parseExactly(contextText ?? '{}') }
  })
  const { contextText = null, context = {} } = firings[0] ?? {}
  return { kind: 'fired', contextText, context, firings, ...state }
}
