/** The engine that a Python program starts, by what is said on its lines. */

import { describe, expect, it } from 'vitest'
import { EngineLines } from '../../support/engine-lines.ts'

describe('the engine of a Python program', () => {
  it('serves the program that has started it, and ends when that says that it has ended', async () => {
    await using engine = new EngineLines()
    const token = await engine.begin()

    expect(await engine.openRunner(token)).toEqual({ runner: 1 })
    engine.say({ type: 'programEnded', token, exitCode: 3 })
    engine.say({ type: 'finished', token: (await engine.hears('finish')).token })

    expect(await engine.ended).toEqual({ exitCode: 0, signal: null })
    expect(engine.stderr).toBe('')
  })

  it('ends when the lines end, whatever was under way', async () => {
    await using engine = new EngineLines()
    const token = await engine.begin()
    await engine.openRunner(token)

    engine.hangUp()

    expect(await engine.ended).toEqual({ exitCode: 0, signal: null })
    expect(engine.stderr).toBe('')
  })

  it('leaves it to the program what Ctrl-C and a stop of the whole group mean', async () => {
    await using engine = new EngineLines()
    const token = await engine.begin()

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) engine.process.kill(signal)

    expect(await engine.openRunner(token)).toEqual({ runner: 1 })
  })

  it.each([
    ['protocol', { protocolVersion: 7 }, ', protocol 7'],
    ['package', { digest: '0123456789abcdef' }, '(0123456789abcdef, '],
  ])('refuses a program with another %s in one line that says what to install', async (_, differing, shown) => {
    await using engine = new EngineLines()

    engine.sayHello(differing)

    expect((await engine.ended).exitCode).toBe(1)
    expect(engine.stderr).toMatch(/^the version of the Python package cloaca .* does not match .* pip install .*\n$/)
    expect(engine.stderr).toContain(shown)
  })

  it('ends with a message when the program says what is no message', async () => {
    await using engine = new EngineLines()

    engine.sayRaw(Buffer.from('Traceback (most recent call last)'))

    expect((await engine.ended).exitCode).toBe(1)
    expect(engine.stderr).toMatch(/^.*sent an invalid message: .*\n$/)
  })

  it.each([[[]], [['--lines', '3']], [['--lines', '3,x']], [['--lines', '3,4,5']], [['--port', '3']]])(
    'shows its usage for the words %j',
    async (words) => {
      await using engine = new EngineLines(words)

      expect((await engine.ended).exitCode).toBe(2)
      expect(engine.stderr).toContain('usage: cloaca engine --lines MESSAGES,CONTROL')
    },
  )
})
