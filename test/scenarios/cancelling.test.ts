/** Executions that are cancelled while real Python waits and computes. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { scenarioPath } from '../support/run-script.ts'

let folder: string
let observed: ObservedRunner

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-cancel-'))
  process.env.CANCEL_NOTES = join(folder, 'notes')
  writeFileSync(process.env.CANCEL_NOTES, '')
  observed = await ObservedRunner.open({ config: { maxConcurrentTasks: 20 } })
  await observed.runner.load(scenarioPath('cancelling.py'))
  await observed.runner.start()
}, LIMIT_MS)

afterAll(async () => {
  await observed[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
  delete process.env.CANCEL_NOTES
})

function notesOf(task: string): readonly string[] {
  const lines = readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n')
  return lines
    .map((line) => JSON.parse(line || '["",""]') as [string, string])
    .filter(([name]) => name === task)
    .map(([, what]) => what)
}

/** Starts a workflow, waits until its task has begun, and returns the id of the execution. */
async function begun(workflow: string): Promise<string> {
  const id = await observed.runner.workflows.submit(workflow)
  await expect.poll(() => notesOf(workflow), { timeout: LIMIT_MS }).toContain('began')
  return id
}

describe('a task whose execution is cancelled', () => {
  it.each([
    ['sleep', 'cloaca.Cancelled'],
    ['loop', 'cloaca.Cancelled'],
    ['pattern', 'cloaca.Cancelled'],
    ['recv', 'cloaca.Cancelled'],
    ['get', 'cloaca.Cancelled'],
    ['join', 'cloaca.Cancelled'],
    ['nested', 'cloaca.Cancelled'],
    ['deferred', 'cloaca.Cancelled'],
    ['coroutine', 'asyncio.exceptions.CancelledError'],
  ])('receives one exception in "%s", and can complete its cleanup', async (workflow, heard) => {
    const id = await begun(workflow)

    const result = await observed.runner.executions.cancel(id)

    expect(result).toEqual({ state: 'cancelled', stopped: 1, lostScripts: [] })
    expect(notesOf(workflow)).toEqual(['began', heard, expect.stringMatching(/^cleaned up \d+$/)])
    const execution = await observed.runner.executions.get(id)
    expect(execution.status).toBe('Cancelled')
    expect(execution.tasks.map(({ status }) => status)).toEqual(execution.tasks.map(() => 'Cancelled'))
  })

  it('is killed after 5 s if it ignores the exception, and the result lists the lost scripts', async () => {
    const id = await begun('swallows')

    const result = await observed.runner.executions.cancel(id)

    expect(result).toEqual({ state: 'cancelled', stopped: 1, lostScripts: [scenarioPath('cancelling.py')] })
    expect(notesOf('swallows')).toEqual(['began', 'went on'])
    // The script is loaded again.
    await begun('sleep').then((next) => observed.runner.executions.cancel(next))
  })
})
