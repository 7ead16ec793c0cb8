/** Polls a trigger immediately, and shows the outcome. */

import { write } from '../api/client.ts'
import { attemptAction, showToast } from '../overlays/toasts.tsx'
import { outcomeName } from '../parts/outcome-badge.tsx'
import { firingsInWords } from './ticks/tick-executions.tsx'

export async function pollNow(name: string): Promise<void> {
  await attemptAction(`Could not poll "${name}"`, async () => {
    const answer = await write('/triggers/{name}/poll', { path: { name } }, {})
    if (answer.state === 'asked')
      return showToast(`Poll of "${name}" requested`, 'The engine that serves the trigger has not answered yet.')
    const { outcome, reason, error, durationMs } = answer
    const firings = firingsInWords(answer)
    const why = error === null ? reason : `${error.type}: ${error.message}`
    showToast(
      `Polled "${name}": ${outcomeName(outcome)}`,
      [firings, why, `${Math.round(durationMs)} ms`].filter(Boolean).join(' · '),
    )
  })
}
