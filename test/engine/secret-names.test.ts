/** Callers cannot choose the secret that a task reads: contexts from outside lose the key with the names of secrets. */

import { expect, it } from 'vitest'
import { trigger, workflow } from '../support/declared.ts'
import { fire, SKIP } from '../support/fake-host.ts'
import { RunningEngine } from '../support/running-engine.ts'

const GIVEN = '{"__cloacina_secret_refs__":{"db":"payroll"},"n":1.0}'
const ESCAPED = '{"\\u005f_cloacina_secret_refs__":{"db":"payroll"},"n":1.0}'

it.each([
  ['verbatim', GIVEN],
  ['with escapes', ESCAPED],
])('removes the key from executes, polls and firings by hand, if it is written %s', async (_, contextText) => {
  let polls = 0
  await using running = await RunningEngine.start({
    triggers: [trigger('inbox', { workflow: 'demo', everyMs: 1_000 })],
    workflows: [workflow('demo', { work: {} })],
    python: (host) => host.trigger('inbox', () => (polls++ === 0 ? fire(contextText) : SKIP)),
  })
  await running.clock.advance(0)
  const { engine } = running

  await engine.execute('demo', contextText)
  await engine.submit('demo', contextText)
  await engine.services.triggers.fire('inbox', JSON.parse(contextText))
  await running.clock.advance(1_000)

  const inputs = running.host.runsOf('work').map(({ inputText }) => inputText)
  expect(inputs).toHaveLength(4)
  for (const input of inputs) expect(input).not.toContain('secret_refs')
  expect(inputs.slice(0, 3).join()).toContain('"n":1.0')
})
