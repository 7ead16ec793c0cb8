/** Dialog of a backfill or refire: a range, and a confirmation with the number of executions that would start. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '../fields/field.tsx'
import { useNote } from '../fields/note.tsx'
import { useResource } from '../live/resource.ts'
import { ActionDialog } from '../overlays/action-dialog.tsx'

export interface ChosenRange {
  /** Local times such as `2026-06-01T00:00`. */
  readonly from: string
  readonly to: string
}

export interface ChosenStart extends ChosenRange {
  readonly maxActive: number
  readonly note?: string
}

export interface Preview {
  /** Number of executions that would start. */
  readonly executions: number
  readonly sentence: string
}

interface BatchDialogProps {
  readonly title: string
  readonly introduction: string
  /** Zone of the local times. */
  readonly zone: string
  readonly failure: string
  /** Text that changes with the choices in `children`. */
  readonly choices: string
  readonly children: ComponentChildren
  preview(range: ChosenRange, signal: AbortSignal): Promise<Preview>
  start(chosen: ChosenStart): Promise<void>
  onClose(): void
}

export function BatchDialog(props: BatchDialogProps) {
  const { title, introduction, zone, failure, choices, children, preview, start, onClose } = props
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [maxActive, setMaxActive] = useState(1)
  const note = useNote({ label: 'Note (optional)' })
  const isChosen = from !== '' && to !== ''
  const counted = useResource(`${title} ${from} ${to} ${choices}`, {
    load: async (signal) => (isChosen ? await preview({ from, to }, signal) : null),
    concerns: () => false,
  })
  const count = counted.value.value?.executions ?? 0
  return (
    <ActionDialog
      title={title}
      verb={count === 0 ? 'Start' : `Start ${executionsText(count)}`}
      failure={failure}
      isBlocked={count === 0 || !Number.isSafeInteger(maxActive) || maxActive < 1}
      act={() => start({ from, to, maxActive, ...note.part })}
      onClose={onClose}
    >
      <p>{introduction}</p>
      <div class="batch-range">
        <LocalTime label={`From (${zone})`} value={from} onChange={setFrom} />
        <LocalTime label="To (not included)" value={to} onChange={setTo} />
      </div>
      <Field label="Active executions, at most">
        <input
          type="number"
          min={1}
          value={maxActive}
          onInput={({ currentTarget }) => setMaxActive(currentTarget.valueAsNumber)}
        />
      </Field>
      {children}
      {note.field}
      <p class="batch-count" role="status">
        {isChosen
          ? (counted.problem.value?.message ?? counted.value.value?.sentence ?? 'Counting …')
          : 'Choose a range to see how many executions would start.'}
      </p>
    </ActionDialog>
  )
}

interface LocalTimeProps {
  readonly label: string
  readonly value: string
  onChange(value: string): void
}

function LocalTime({ label, value, onChange }: LocalTimeProps) {
  return (
    <Field label={label}>
      <input
        type="datetime-local"
        step={1}
        value={value}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </Field>
  )
}

export function executionsText(count: number): string {
  return count === 1 ? '1 execution' : `${count} executions`
}
