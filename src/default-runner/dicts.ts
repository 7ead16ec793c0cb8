/** Dicts that scripts receive from their runner, as the Python API documents them. Pure; used by `calls.ts`. */

import type { Subscription } from '../model/graphs/graph-model-rows.ts'
import type { CronFiringRow, CronRow, CronStats, FiringRow, TriggerRow } from '../model/schedule-rows.ts'
import { formatInstant, formatInstantOrNull } from '../model/time/instant.ts'

export function triggerDict(row: TriggerRow) {
  return {
    id: row.id,
    trigger_name: row.name,
    workflow_name: row.workflow,
    poll_interval_ms: row.pollIntervalMs,
    allow_concurrent: row.allowConcurrent,
    enabled: row.isEnabled,
    last_poll_at: formatInstantOrNull(row.lastPollAt),
    created_at: formatInstant(row.createdAt),
    updated_at: formatInstant(row.updatedAt),
  }
}

export function firingDict(row: FiringRow) {
  return {
    id: row.id,
    schedule_id: row.triggerId,
    context_hash: row.contextHash,
    workflow_execution_id: row.executionId,
    started_at: formatInstant(row.startedAt),
    completed_at: formatInstantOrNull(row.completedAt),
    created_at: formatInstant(row.createdAt),
  }
}

export function cronDict(row: CronRow) {
  return {
    id: row.id,
    workflow_name: row.workflow,
    cron_expression: row.expression,
    timezone: row.timezone,
    enabled: row.isEnabled,
    catchup_policy: row.catchup,
    next_run_at: formatInstantOrNull(row.nextRunAt),
    last_run_at: formatInstantOrNull(row.lastRunAt),
    created_at: formatInstant(row.createdAt),
    updated_at: formatInstant(row.updatedAt),
  }
}

export function cronFiringDict(row: CronFiringRow) {
  return {
    id: row.id,
    schedule_id: row.scheduleId,
    scheduled_time: formatInstant(row.scheduledAt),
    claimed_at: formatInstant(row.claimedAt),
    workflow_execution_id: row.executionId,
    created_at: formatInstant(row.createdAt),
    updated_at: formatInstant(row.updatedAt),
  }
}

export function cronStatsDict(stats: CronStats) {
  return {
    total_executions: stats.total,
    successful_executions: stats.successful,
    lost_executions: stats.lost,
    success_rate: stats.total === 0 ? 0 : (100 * stats.successful) / stats.total,
  }
}

export function subscriptionDict(row: Subscription) {
  return {
    id: row.id,
    reactor_name: row.reactor,
    workflow_name: row.workflow,
    tenant_id: row.tenant,
    enabled: row.isEnabled,
    last_seen_fired_at: formatInstantOrNull(row.lastSeenFiredAt),
    created_at: formatInstant(row.createdAt),
    updated_at: formatInstant(row.updatedAt),
    predicate_expression: row.predicate,
    predicate_degraded: row.isDegraded,
    predicate_error_count: row.errorCount,
    last_predicate_error: row.lastError,
    last_predicate_error_at: formatInstantOrNull(row.lastErrorAt),
    predicate_error_firing_id: row.errorFiringId,
  }
}
