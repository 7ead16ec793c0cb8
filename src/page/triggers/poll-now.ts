/** Polls a trigger out of turn, and tells what it came to. */

import { write } from '../api/client.ts'
import { outcomeName } from '../parts/outcomes.tsx'
import { attempt, tell } from '../parts/toasts.tsx'

export async function pollNow(name: string): Promise<void> {
  await attempt(`Could not poll "${name}"`, async () => {
    const answer = await write('/triggers/{name}/poll', { path: { name } }, {})
    if (answer.state === 'asked')
      return tell(`Poll of "${name}" requested`, 'The engine that serves the trigger has not answered yet.')
    const { outcome, reason, error, durationMs } = answer
    const why = error === null ? reason : `${error.type}: ${error.message}`
    tell(`Polled "${name}": ${outcomeName(outcome)}`, `${why === null ? '' : `${why} · `}${Math.round(durationMs)} ms`)
  })
}
