/** Cron triggers in the list of triggers. */

import type { Schedule } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { OutcomeBadge } from '../parts/outcome-badge.tsx'
import { Time } from '../parts/time.tsx'

const AT_MOST = 1_000

export type CronTrigger = Schedule & { readonly name: string; readonly kind: 'cron trigger' }

/** Returns all cron triggers, or none where this engine has cron schedules switched off. */
export async function readCronTriggers(signal: AbortSignal): Promise<readonly CronTrigger[]> {
  try {
    const { items } = await read('/schedules', { query: { limit: AT_MOST }, signal })
    return items.flatMap((schedule) => {
      const { kind, triggerName: name } = schedule
      return kind === 'cron trigger' && name !== null ? { ...schedule, kind, name } : []
    })
  } catch (thrown) {
    if (asProblem(thrown).code === 'CRON_DISABLED') return []
    throw thrown
  }
}

/** The last firing, or that the trigger never fires. */
export function LastRun({ trigger: { problem, lastRunAt } }: { readonly trigger: CronTrigger }) {
  if (problem !== null) return <span class="badge failed">broken</span>
  if (lastRunAt === null) return <span class="faint">not fired yet</span>
  return (
    <>
      <OutcomeBadge outcome="fired" />
      <span class="small faint">
        <Time at={lastRunAt} />
      </span>
    </>
  )
}
