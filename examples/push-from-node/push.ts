/**
 * Pushes readings to a source of `freezers.py`, and starts a workflow for each reading that is too warm.
 * When `push` resolves, the event is stored. It will be processed even if this process dies.
 */

import { join } from 'node:path'
import { Runner } from 'cloaca'

await using runner = await Runner.open({ database: ':memory:' })
await runner.load(join(import.meta.dirname, 'freezers.py'))
await runner.reactors.subscribe('freezers', 'too_warm', {
  when: 'payload.readings[size(payload.readings) - 1].celsius > -15.0',
})
await runner.start()

const told = new Promise<string>((resolve) => {
  runner.on('executionFinished', ({ executionId }) => resolve(executionId))
})
for (const celsius of [-19.5, -18, -12.25]) {
  const sequence = await runner.sources.push('readings', { freezer: 'no. 4', celsius })
  console.log(`pushed ${sequence}`)
}

const { context, status } = await runner.executions.get(await told)
console.log(status, context.told)
