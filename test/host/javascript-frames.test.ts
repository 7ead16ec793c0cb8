/** Python that JavaScript has called, and that waits there. */

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./javascript_frames.py', import.meta.url))

describe('Python that JavaScript has called', () => {
  it('waits without being suspended, which V8 refuses: while a proxy is made, and while an exception is described', async () => {
    await using python = await OpenHost.open([SCRIPT])

    expect(await firedContext(python, 'makes_proxy')).toEqual({ array: [1, 2], waited_for: ['JsProxy'] })
    expect(await firedContext(python, 'describes_exception')).toEqual({ end: 'its notes', waited_for: ['Notes'] })
  })

  it('gives way to nobody', async () => {
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
  return JSON.parse(outcome.contextText ?? '')
}
