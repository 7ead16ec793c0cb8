/** Python code that JavaScript calls, and that waits there. */

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./javascript_frames.py', import.meta.url))

describe('Python code called from JavaScript', () => {
  it('sleeps without being suspended, because V8 cannot suspend JavaScript frames', async () => {
    await using python = await OpenHost.open([SCRIPT])

    expect(await firedContext(python, 'makes_proxy')).toEqual({ array: [1, 2], waited_for: ['JsProxy'] })
    expect(await firedContext(python, 'describes_exception')).toEqual({ end: 'its notes', waited_for: ['Notes'] })
  })

  it('is not interrupted by other calls while it computes', async () => {
    await using python = await OpenHost.open([SCRIPT])

    const [context, other] = await Promise.all([
      firedContext(python, 'computes_meanwhile'),
      python.poll(SCRIPT, 'wants_its_turn'),
    ])

    expect(context).toEqual({ end: 'computed' })
    expect(other).toMatchObject({ kind: 'skipped' })
  })
})

async function firedContext(python: OpenHost, trigger: string): Promise<unknown> {
  const outcome = await python.poll(SCRIPT, trigger)
  if (outcome.kind !== 'fired') throw new Error(`The trigger did not fire: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.firings[0]?.contextText ?? '')
}
