/** Death of an interpreter: it is restarted, and the call that caused the death is found and quarantined. */

import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))

beforeAll(async () => {
  await (await OpenHost.open([])).host.close() // creates the memory snapshot, so that no test waits for it
})

test('a task that runs when its interpreter dies is lost, and the next interpreter runs its script', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const running = python.runTask(SCRIPT, 'work', 'patient')

  const exit = await python.poll(SCRIPT, 'leaves')
  const again = await python.runTask(SCRIPT, 'work', 'quick')

  expect(exit).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
  expect(await running).toMatchObject({ kind: 'lost', error: { type: 'InterpreterDied' } })
  expect(again).toEqual({ kind: 'completed', contextText: '{"polls":0}' })
})

test('a trigger that kills its interpreter is quarantined, and other calls of its script still run', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const innocent = () => python.runTask(SCRIPT, 'work', 'quick')

  const [culprit, other] = await Promise.all([python.poll(SCRIPT, 'leaves'), innocent()])

  expect(culprit).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
  expect(['lost', 'completed']).toContain(other.kind)
  expect(python.quarantines).toEqual([`${SCRIPT}: trigger 'leaves': a script ended the process with code 3`])
  expect(await python.poll(SCRIPT, 'leaves')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })
  expect((await innocent()).kind).toBe('completed')
})

test('loading a script that kills the interpreter reports a fault, and other scripts still run', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const path = fileURLToPath(new URL('./leaves_at_once.py', import.meta.url))

  const loaded = await python.host.load('leaves_at_once', { kind: 'file', path })

  expect(loaded).toMatchObject({ triggers: [], workflows: [], fault: { type: 'InterpreterDied' } })
  expect((await python.runTask(SCRIPT, 'work', 'quick')).kind).toBe('completed')
})

test('closing the host answers running calls, and later calls fail', async () => {
  const python = await OpenHost.open([SCRIPT])
  const running = [python.poll(SCRIPT, 'sleeps'), python.runTask(SCRIPT, 'work', 'patient')]

  await python.host.close()

  expect((await Promise.all(running)).map(({ kind }) => kind)).toEqual(['failed', 'lost'])
  expect((await python.poll(SCRIPT, 'remember')).kind).toBe('failed')
})
