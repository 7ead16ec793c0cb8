/**
 * Embeds the engine in a Node program: loads a script, listens to events, runs workflows and reads triggers.
 * `await using` closes the runner at the end of the program, even after an error.
 */

import { join } from 'node:path'
import { type EngineEventMap, Runner, UsageError } from 'cloaca'

await using runner = await Runner.open({ database: 'sqlite://:memory:' })
const firstFiring = new Promise<EngineEventMap['triggerFired']>((resolve) => {
  runner.on('triggerFired', resolve)
})
await runner.load(join(import.meta.dirname, 'orders.py'))
await runner.start()

// 1. Run a workflow and use its result. A failed task is a result, not an error.
for (const lines of [
  [
    ['desk', 1, 320.5],
    ['pen', 4, 1.25],
  ],
  [],
]) {
  const result = await runner.execute('order_processor', { order_id: 7, lines })
  console.log(result.status, result.context.total ?? result.errorMessage)
  for (const task of result.tasks) console.log(`  ${task.id}: ${task.status}`)
}

// 2. Wait for an execution that a trigger started. Its text contains Python's numbers exactly, such as 45.0.
const { trigger, executionId } = await firstFiring
if (executionId !== null) {
  const { status, contextText } = await runner.executions.wait(executionId)
  console.log(`fired by ${trigger}: ${status}, total ${/"total":([\d.]+)/.exec(contextText)?.[1]}`)
}

// 3. Disable a trigger, then list the triggers and the firings.
await runner.triggers.setEnabled('late_orders', false)
for (const { name, workflow, isEnabled } of await runner.triggers.list()) console.log({ name, workflow, isEnabled })
const firings = await runner.triggers.history('late_orders')
console.log('firings:', firings.length)

// 4. Handle an error by its code, which does not change between versions.
try {
  await runner.execute('order_procesor')
} catch (error) {
  if (error instanceof UsageError) console.log(error.code, error.facts)
}
