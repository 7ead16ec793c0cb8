/** Pipes for the output of an interpreter, if the system has no descriptor left for them or refuses the process. */

import { closeSync, openSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { withOutputs } from '../../src/host/peers/output-pipes.ts'
import { limitOpenFiles } from '../../src/native/control-thread.ts'

const FEW_FILES = 200

const countDescriptors = (): number => readdirSync('/proc/self/fd').length

/** Opens files until exactly this number of descriptors is left. */
function leaveFree(count: number): readonly number[] {
  const held: number[] = []
  try {
    for (;;) held.push(openSync(process.execPath, 'r'))
  } catch (error) {
    expect(error).toMatchObject({ code: 'EMFILE' })
  }
  for (const descriptor of held.splice(0, count)) closeSync(descriptor)
  return held
}

it.skipIf(process.platform !== 'linux')('closes its pipes if no descriptor is left for the next one', () => {
  limitOpenFiles(FEW_FILES) // for this process
  const before = countDescriptors()

  for (let free = 0; free < 4; free++) {
    const held = leaveFree(free)
    const start = () => expect.fail('a process was started without a pipe')
    expect(() => withOutputs('engine', start)).toThrow(expect.objectContaining({ code: 'EMFILE' }))
    for (const descriptor of held) closeSync(descriptor)
  }

  expect(countDescriptors()).toBe(before)
})

it.skipIf(process.platform !== 'linux')('closes its pipes if the process cannot be started', () => {
  const before = countDescriptors()
  const error = new Error('refused')

  const start = () => {
    expect(countDescriptors()).toBe(before + 4)
    throw error
  }

  expect(() => withOutputs('engine', start)).toThrow(error)
  expect(countDescriptors()).toBe(before)
})
