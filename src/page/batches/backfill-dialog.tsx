/** Starts the workflow of a schedule for past times. */

import { useState } from 'preact/hooks'
import type { Schedule } from '../api/answer-types.ts'
import { read, write } from '../api/client.ts'
import { Check } from '../fields/field.tsx'
import { showToast } from '../overlays/toasts.tsx'
import { dateAndTime } from '../parts/zone.ts'
import { BatchDialog, type ChosenRange, type ChosenStart, executionsText, type Preview } from './batch-dialog.tsx'

interface BackfillDialogProps {
  readonly schedule: Schedule
  readonly name: string
  onDone(): void
  onClose(): void
}

export function BackfillDialog({ schedule: { id, workflow, timezone }, name, onDone, onClose }: BackfillDialogProps) {
  const [isAgain, setAgain] = useState(false)
  const path = { schedule: id }
  const preview = async (range: ChosenRange, signal: AbortSignal): Promise<Preview> => {
    const query = { ...range, again: String(isAgain) }
    const counted = await read('/schedules/{schedule}/backfills/preview', { path, query, signal })
    const { executions, alreadyFired, times, knownFrom } = counted
    const known =
      knownFrom === null ? '' : ` Earlier firings are known only from ${dateAndTime(Date.parse(knownFrom))} on.`
    const sentence = `${executionsText(executions)} would start, ${alreadyFired} of ${times} times already have one.`
    return { executions, sentence: sentence + known }
  }
  const start = async (chosen: ChosenStart): Promise<void> => {
    const { total } = await write('/schedules/{schedule}/backfills', { path }, { ...chosen, again: isAgain })
    showToast(`Backfill of "${name}" started: ${executionsText(total)}`)
    onDone()
  }
  return (
    <BatchDialog
      title={`Backfill ${name}`}
      introduction={`Starts workflow ${workflow} once for each time of the schedule in the range, the oldest first.`}
      zone={timezone}
      failure={`Could not backfill "${name}"`}
      choices={String(isAgain)}
      preview={preview}
      start={start}
      onClose={onClose}
    >
      <Check isOn={isAgain} onChange={setAgain}>
        Start also times that already have an execution
      </Check>
    </BatchDialog>
  )
}
