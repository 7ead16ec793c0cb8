/** Changes the cron expression and the time zone of a schedule. The next times show whether they are right. */

import { useId, useState } from 'preact/hooks'
import type { Schedule } from '../api/answer-types.ts'
import { read, write } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { Field } from '../fields/field.tsx'
import { useNote } from '../fields/note.tsx'
import { useResource } from '../live/resource.ts'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'
import { cronInWords } from './cron-words.ts'
import { shownName } from './schedule-words.tsx'
import { TimeList } from './time-list.tsx'

interface TimingDialogProps {
  readonly schedule: Schedule
  onDone(): void
  onClose(): void
}

export function TimingDialog({ schedule, onDone, onClose }: TimingDialogProps) {
  const [expression, setExpression] = useState(schedule.expression)
  const [timezone, setTimezone] = useState(schedule.timezone)
  const note = useNote({ label: 'Note (optional)' })
  const timing = { expression: expression.trim(), timezone: timezone.trim() }
  const isSame = timing.expression === schedule.expression && timing.timezone === schedule.timezone
  const preview = useResource(`times ${timing.expression} ${timing.timezone}`, {
    load: (signal) => read('/cron/times', { query: timing, signal }),
    concerns: () => false,
  })
  const times = preview.value.value
  const problem = preview.problem.value
  const save = async (): Promise<void> => {
    await write('/schedules/{schedule}/set', { path: { schedule: schedule.id } }, { ...timing, ...note.part })
    showToast(`"${shownName(schedule)}" has new times`)
    onDone()
  }
  const zones = useId()
  return (
    <ActionDialog
      title={`Edit ${shownName(schedule)}`}
      verb="Save"
      failure={`Could not change "${shownName(schedule)}"`}
      isBlocked={isSame || times === null || problem !== null}
      act={save}
      onClose={onClose}
    >
      <Field label="Cron expression">
        <input
          type="text"
          class="mono"
          autocomplete="off"
          spellcheck={false}
          value={expression}
          aria-invalid={problem?.code === 'INVALID_CRON'}
          onInput={({ currentTarget }) => setExpression(currentTarget.value)}
        />
      </Field>
      <Field label="Time zone">
        <input
          type="text"
          list={zones}
          autocomplete="off"
          spellcheck={false}
          value={timezone}
          aria-invalid={problem?.code === 'INVALID_TIMEZONE'}
          onInput={({ currentTarget }) => setTimezone(currentTarget.value)}
        />
      </Field>
      <datalist id={zones}>
        {['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <Times expression={timing.expression} times={times?.times ?? null} problem={problem} />
      {note.field}
    </ActionDialog>
  )
}

interface TimesProps {
  readonly expression: string
  /** Null before the answer. */
  readonly times: readonly string[] | null
  readonly problem: Problem | null
}

function Times({ expression, times, problem }: TimesProps) {
  return (
    <div class="edit-times" role="status">
      {problem !== null && <p class="problem-words">{problem.message}</p>}
      {problem === null && times === null && <p class="faint">Computing the next times …</p>}
      {problem === null && times !== null && (
        <>
          <p class="small faint">{cronInWords(expression) ?? 'Next times'}:</p>
          {times.length === 0 ? <p>No time is left.</p> : <TimeList times={times} />}
        </>
      )}
    </div>
  )
}
