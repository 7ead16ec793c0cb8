/** The death of an interpreter costs a restart, and whoever caused it is found and kept away. */

import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))

beforeAll(async () => {
  await (await OpenHost.open([])).host.close() // whoever comes first makes the memory snapshot, which takes its time
})

test('a task that was running when its interpreter died is lost, so that it can be run again, and the script is there again', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const running = python.runTask(SCRIPT, 'work', 'patient')

  const exit = await python.poll(SCRIPT, 'leaves')
  const again = await python.runTask(SCRIPT, 'work', 'quick')

  expect(exit).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
  expect(await running).toMatchObject({ kind: 'lost', error: { type: 'InterpreterDied' } })
  expect(again).toEqual({ kind: 'completed', contextText: '{"polls":0}' })
})

test('who kills the interpreter is kept away, and its script lives alone from then on', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const innocent = () => python.runTask(SCRIPT, 'work', 'quick')

  const [culprit, other] = await Promise.all([python.poll(SCRIPT, 'leaves'), innocent()])

  expect(culprit).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
  expect(['lost', 'completed']).toContain(other.kind)
  expect(python.quarantines).toEqual([`${SCRIPT}: trigger 'leaves': a script ended the process with code 3`])
  expect(await python.poll(SCRIPT, 'leaves')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })
  expect((await innocent()).kind).toBe('completed')
})

test('a script that kills the interpreter while it is loaded is a script that cannot be loaded', async () => {
  await using python = await OpenHost.open([SCRIPT])
  const path = fileURLToPath(new URL('./leaves_at_once.py', import.meta.url))

  const loaded = await python.host.load('leaves_at_once', { kind: 'file', path })

  expect(loaded).toMatchObject({ triggers: [], workflows: [], fault: { type: 'InterpreterDied' } })
  expect((await python.runTask(SCRIPT, 'work', 'quick')).kind).toBe('completed')
})

test('a closed host answers every call, also those under way', async () => {
  const python = await OpenHost.open([SCRIPT])
  const running = [python.poll(SCRIPT, 'sleeps'), python.runTask(SCRIPT, 'work', 'patient')]

  await python.host.close()

  expect((await Promise.all(running)).map(({ kind }) => kind)).toEqual(['failed', 'lost'])
  expect((await python.poll(SCRIPT, 'remember')).kind).toBe('failed')
})
