/** `trigger test` polls one trigger of a file once, prints what came of it, and starts nothing. */

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const SHOP = fileURLToPath(new URL('./scripts/shop.py', import.meta.url))

describe('cloaca trigger test', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('prints the context of a firing with its number tokens, starts nothing and leaves no database', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'new_order'])

    expect(end).toEqual({
      exitCode: 0,
      signal: null,
      stderr: '',
      stdout: 'Trigger "new_order" fired.\ncontext  {"order":7,"total":1.0}\n',
    })
    expect(readdirSync(terminal.folder)).toEqual([])
  })

  it('prints a skip as JSON when it is asked to', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'quiet', '--json'])

    expect(end.exitCode).toBe(0)
    expect(JSON.parse(end.stdout)).toEqual({ kind: 'skipped' })
  })

  it('prints the traceback of a poll that fails, and exits with 1', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'unreachable'])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toMatch(
      /^Traceback \(most recent call last\):\n {2}File ".*shop\.py", line \d+, in unreachable\n.*\nConnectionError: /,
    )
    expect(end.stderr).toMatch(/\ncloaca: trigger 'unreachable' raised exception: ConnectionError: .*\n$/)
  })

  it('names the nearest trigger of the file', async () => {
    const end = await terminal.run(['trigger', 'test', SHOP, 'new_orders'])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toContain('There is no trigger "new_orders" in the loaded scripts. Did you mean "new_order"?')
  })
})
