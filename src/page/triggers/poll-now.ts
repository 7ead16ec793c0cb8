/** Polls a trigger out of turn, and tells what it came to. */

import { write } from '../api/client.ts'
import { outcomeName } from '../parts/outcomes.tsx'
import { attempt, tell } from '../parts/toasts.tsx'

export async function pollNow(name: string): Promise<void> {
  await attempt(`"${name}" was not polled`, async () => {
    const answer = await write('/triggers/{name}/poll', { path: { name } }, {})
    if (answer.state === 'asked') return tell(`"${name}" will be polled`, 'The process that serves it was asked.')
    const { outcome, reason, error, durationMs } = answer
    const why = error === null ? reason : `${error.type}: ${error.message}`
    tell(
      `"${name}" was polled: ${outcomeName(outcome)}`,
      `${why === null ? '' : `${why} · `}${Math.round(durationMs)} ms`,
    )
  })
}
