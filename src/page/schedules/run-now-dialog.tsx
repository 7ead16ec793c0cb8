/** Starts the workflow of a schedule now. */

import type { Schedule } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'
import { shortId } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { shownName } from './schedule-words.tsx'

interface RunScheduleDialogProps {
  readonly schedule: Schedule
  onDone(): void
  onClose(): void
}

export function RunScheduleDialog({ schedule, onDone, onClose }: RunScheduleDialogProps) {
  const { id, workflow, nextRuns } = schedule
  const note = useNote({ label: 'Note (optional)', autofocus: true })
  const run = async (): Promise<void> => {
    const { executionId } = await write('/schedules/{schedule}/run', { path: { schedule: id } }, note.part)
    const link = <Link to={addressFor('executions', executionId)}>Open execution {shortId(executionId)}</Link>
    showToast(`Workflow "${workflow}" started`, link)
    onDone()
  }
  return (
    <ActionDialog
      title={`Run ${shownName(schedule)} now`}
      verb="Run now"
      failure={`Could not run "${shownName(schedule)}"`}
      act={run}
      onClose={onClose}
    >
      <p>
        Starts workflow <strong>{workflow}</strong> with the input that a firing at this time has.
        {nextRuns.length > 0 && ' The next times of the schedule stay as they are.'}
      </p>
      {note.field}
    </ActionDialog>
  )
}
