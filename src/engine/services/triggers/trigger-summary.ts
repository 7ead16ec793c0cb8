/** Numbers of triggers, and triggers that need attention. */

import type { TriggerRow } from '../../../model/schedule-rows.ts'
import { POLLS_WRITTEN_WITHIN_MS } from '../../../model/trigger.ts'
import { cronProblem } from '../../cron/expressions.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { PolledTriggers } from '../../triggers/polled-triggers.ts'
import type { Schedules } from '../schedule-service.ts'

/** Numbers of triggers, and names of triggers that need attention. */
export interface TriggerSummary {
  readonly all: number
  readonly enabled: number
  /** Polled triggers that no engine has polled for two of their intervals. */
  readonly late: readonly string[]
  /** Polled triggers whose last poll failed or was refused. */
  readonly failing: readonly string[]
  /** Cron triggers with an invalid expression or time zone. */
  readonly broken: readonly string[]
  /** Triggers that no served script declares. */
  readonly undeclared: readonly string[]
}

interface Parts {
  readonly polled: PolledTriggers
  readonly schedules: Schedules
}

/** Page with all triggers of a database. */
export const ALL_TRIGGERS = { limit: 1_000_000, offset: 0 }

export async function triggerSummary(
  { store, clock }: Pick<EnginePorts, 'store' | 'clock'>,
  parts: Parts,
): Promise<TriggerSummary> {
  const now = clock.now()
  const [counts, polled, crons] = await Promise.all([
    store.countTriggers(),
    store.listTriggers({ ...ALL_TRIGGERS, enabledOnly: false, troubledAt: now, withoutReplaced: true }),
    parts.schedules.listTriggers(true),
  ])
  const declared = polled.filter(({ undeclaredAt }) => undeclaredAt === null)
  const broken = crons.filter((row) => row.undeclaredAt === null && cronProblem(row) !== null)
  const undeclared = [...polled, ...crons.map((row) => ({ ...row, name: row.triggerName }))].filter(
    ({ undeclaredAt }) => undeclaredAt !== null,
  )
  return {
    ...counts,
    late: namesOf(declared.filter((row) => isLate(row, now, parts.polled))),
    failing: namesOf(declared.filter(({ failuresInRow }) => failuresInRow > 0)),
    broken: broken.map(({ triggerName }) => triggerName),
    undeclared: namesOf(undeclared),
  }
}

/**
 * Returns whether no engine has polled an enabled trigger for two of its intervals. A poll that runs in this engine is
 * late only if it was started late; the polls that run in other engines are unknown.
 */
export function isLate(row: TriggerRow, now: number, polled: Pick<PolledTriggers, 'isRunningInTime'>): boolean {
  const { name, lastPollAt, createdAt, pollIntervalMs, failuresInRow, undeclaredAt, waitingExecutions } = row
  if (failuresInRow > 0 || undeclaredAt !== null || waitingExecutions > 0) return false
  if (now - (lastPollAt ?? createdAt) <= 2 * pollIntervalMs + POLLS_WRITTEN_WITHIN_MS) return false
  return !polled.isRunningInTime(name, 2 * pollIntervalMs)
}

function namesOf(triggers: readonly { readonly name: string }[]): readonly string[] {
  return triggers.map(({ name }) => name)
}
