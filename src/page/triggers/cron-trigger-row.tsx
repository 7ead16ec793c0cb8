/** A cron trigger in the list of triggers: when it fires, and when it fired last. */

import type { Schedule } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { OutcomeBadge } from '../parts/outcomes.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, addressOfCron } from '../routing/location.ts'
import { cronInWords } from '../schedules/cron-words.ts'
import { TriggerSwitch } from './switching.tsx'

const AT_MOST = 1_000

/** The schedule of a cron trigger. */
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

export function CronTriggerRow({ trigger, onChange }: { readonly trigger: CronTrigger; onChange(): void }) {
  const { name, workflow, expression, timezone, enabled, nextRuns } = trigger
  return (
    <tr data-row={name} class={enabled ? '' : 'off'}>
      <td>
        <TriggerSwitch trigger={trigger} onDone={onChange} />
      </td>
      <th scope="row" class="name">
        <Link to={addressOfCron(name)}>{name}</Link>
        <div class="small faint clamp">
          {cronInWords(expression) ?? <code>{expression}</code>}, {timezone}
        </div>
      </th>
      <td class="wide-only">
        <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
      </td>
      <td class="wide-only nowrap">cron</td>
      <td class="last">
        <State trigger={trigger} />
      </td>
      <td class="nowrap medium-only">
        <Time at={trigger.lastRunAt} />
      </td>
      <td class="nowrap medium-only">{enabled ? <Time at={nextRuns[0] ?? null} /> : 'disabled'}</td>
      <td class="medium-only" />
    </tr>
  )
}

/** Why it never fires, or when it fired last. All rows of the list have the same height: the reason is cut. */
function State({ trigger: { problem, lastRunAt } }: { readonly trigger: CronTrigger }) {
  if (problem !== null) {
    return (
      <>
        <span class="badge failed">broken</span>
        <div class="small faint clamp" title={problem}>
          {problem}
        </div>
      </>
    )
  }
  if (lastRunAt === null) return <span class="faint">not fired yet</span>
  return (
    <>
      <OutcomeBadge outcome="fired" />{' '}
      <span class="small faint">
        <Time at={lastRunAt} />
      </span>
    </>
  )
}
