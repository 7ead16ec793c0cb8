/** `ScriptDispatcher`: polls of Python scripts. */

import { expect, it } from 'vitest'
import type { PollRequest, ScriptHost, TickResult } from '../../src/engine/ports.ts'
import { firedOnce } from '../../src/model/trigger.ts'
import { type DispatcherParts, ScriptDispatcher } from '../../src/runner/hosts/script-dispatcher.ts'

const REQUEST: PollRequest = { script: 'a.py', trigger: 'inbox', deadlineMs: 1_000 }
const FIRED: TickResult = firedOnce('{"n":1}')

function dispatcher(python: ScriptHost | null, mayCheck: boolean, startPython = () => Promise.reject(new Error())) {
  const parts: Pick<DispatcherParts, 'python' | 'startPython' | 'modules' | 'inputs' | 'loading'> = {
    ...{ python: () => python, startPython, modules: () => null, loading: () => null },
    inputs: { mayCheck: () => mayCheck, checkedFor: async () => '{"n":2}' },
  }
  return new ScriptDispatcher(parts as DispatcherParts)
}

function pythonWith(polled: Promise<TickResult>): ScriptHost {
  return { poll: () => polled } as unknown as ScriptHost
}

it('returns the promise of the Python host unchanged for a poll that needs no input check', async () => {
  const polled = Promise.resolve(FIRED)

  expect(dispatcher(pythonWith(polled), false).poll(REQUEST)).toBe(polled)
})

it('checks the context of a fired trigger against the input schema of its workflow', async () => {
  const polled = dispatcher(pythonWith(Promise.resolve(FIRED)), true).poll(REQUEST)

  expect(await polled).toEqual(firedOnce('{"n":2}'))
})

it('waits until Python has started before it polls a Python script', async () => {
  const skipped: TickResult = { kind: 'skipped', reason: null }
  const started = Promise.withResolvers<ScriptHost>()
  const polled = dispatcher(null, false, () => started.promise as Promise<never>).poll(REQUEST)
  started.resolve(pythonWith(Promise.resolve(skipped)))

  expect(await polled).toBe(skipped)
})
