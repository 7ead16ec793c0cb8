/** Name, times and state of a schedule: the same in the list and on the screen of one. */

import type { Schedule } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { attemptAction, showToast } from '../overlays/toasts.tsx'
import { cronInWords } from './cron-words.ts'
import { expectationInWords, tagsInWords } from './expectation.ts'

export function shownName({ triggerName, instanceName, id }: Schedule): string {
  return triggerName ?? instanceName ?? id.slice(0, 8)
}

/** Returns the source of its executions, for the filter of executions. */
export function executionSource({ triggerName, id }: Schedule): string {
  return triggerName ?? id
}

export function When({ expression, timezone, catchup, expectFireMs, tags }: Schedule) {
  const words = cronInWords(expression)
  const expectation = expectationInWords(expectFireMs)
  return (
    <>
      {words ?? <code>{expression}</code>}
      <div class="small faint">
        {words !== null && <code>{expression}</code>} {timezone}
        {catchup !== 'skip' && `, missed runs: ${catchup}`}
        {expectation !== null && `, ${expectation}`}
        {tags !== null && `, tags: ${tagsInWords(tags) || 'none'}`}
      </div>
    </>
  )
}

interface SwitchProps {
  readonly schedule: Schedule
  onChange(): void
}

export function ScheduleSwitch({ schedule, onChange }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={schedule.enabled}
      aria-label={`${shownName(schedule)} is enabled`}
      onClick={() => void toggle(schedule, onChange)}
    />
  )
}

export async function toggle(schedule: Schedule, onChange: () => void): Promise<void> {
  const { id, enabled } = schedule
  const path = enabled ? '/schedules/{schedule}/disable' : '/schedules/{schedule}/enable'
  await attemptAction(`Could not ${enabled ? 'disable' : 'enable'} "${shownName(schedule)}"`, async () => {
    await write(path, { path: { schedule: id } }, {})
    showToast(`"${shownName(schedule)}" is ${enabled ? 'disabled' : 'enabled'}`)
    onChange()
  })
}
