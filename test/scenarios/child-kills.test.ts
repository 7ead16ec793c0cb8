/** Parents and children whose engines are killed: each stored call is made once, and each child starts once. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { LIMIT_MS } from '../support/limits.ts'

const SCRIPT = `
import os
import time
import cloaca

def note(text):
    with open("notes", "a") as notes:
        notes.write(text + "\\n")

with cloaca.WorkflowBuilder("billing"):
    @cloaca.task(retry_attempts=1)
    def bill(ctx):
        note(f"bill {ctx['n']}")
        while not os.path.exists(f"go-{ctx['n']}"):
            time.sleep(0.05)
        return ctx

with cloaca.WorkflowBuilder("order"):
    @cloaca.task(retry_attempts=1)
    def pay(ctx, handle):
        handle.once("charge", lambda: note("charge"))
        note("began")
        for n in range(2):
            result = handle.run("billing", cloaca.Context({"n": n}), key=f"bill-{n}")
            assert result.status == "Completed", result
        ctx["done"] = handle.key("charge")
        return ctx
`

it.each([
  ['while the task waits in memory', '60s'],
  ['while the task is parked', '100ms'],
])('an order continues after kills of its two engines %s', { tags: ['proof'] }, async (_, parkAfter) => {
  await using terminal = new Terminal()
  terminal.write('order.py', SCRIPT)
  terminal.write('notes', '')
  const db = ['--db', 'sqlite://jobs.db']
  const serve = async () => {
    const served = terminal.start(['serve', 'order.py', ...db, '--port', '0', '--park-after', parkAfter])
    await served.logs('serving ')
    return served
  }
  const json = async (...words: string[]) => JSON.parse((await terminal.run([...words, '--json', ...db])).stdout)
  const noted = (text: string) =>
    readFileSync(join(terminal.folder, 'notes'), 'utf8')
      .split('\n')
      .filter((line) => line === text).length
  const engines = [await serve(), await serve()]
  const { id } = await json('workflow', 'run', 'order')

  for (const n of [0, 1]) {
    await until(async () => noted(`bill ${n}`) > 0)
    if (parkAfter === '100ms') {
      await until(async () => (await json('execution', 'show', id)).waitingFor?.kind === 'child')
    }
    for (const engine of engines.splice(0)) {
      engine.kill('SIGKILL')
      await engine.ended
    }
    terminal.write(`go-${n}`, '')
    engines.push(await serve(), await serve())
  }
  await until(async () => (await json('execution', 'show', id)).status === 'Completed')

  expect(noted('charge')).toBe(1)
  const { children, tasks, context } = await json('execution', 'show', id)
  expect(children).toMatchObject([{ key: 'bill-0' }, { key: 'bill-1' }])
  expect(await json('execution', 'list', '--workflow', 'billing')).toHaveLength(2)
  expect(tasks).toMatchObject([{ status: 'Completed' }])
  expect(context.done).toMatch(/^[0-9a-f]{64}$/)
})

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS
  while (!(await isTrue())) {
    if (performance.now() > endsAt) throw new Error('the order stands still')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
