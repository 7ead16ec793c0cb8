/** Engine that a Python program starts, tested through the messages on its channels. */

import { describe, expect, it } from 'vitest'
import { EngineLines } from '../../support/engine-lines.ts'

describe('the engine of a Python program', () => {
  it('serves the program that started it, and exits when the program reports its end', async () => {
    await using engine = new EngineLines()
    const token = await engine.begin()

    expect(await engine.openRunner(token)).toEqual({ runner: 1 })
    engine.say({ type: 'programEnded', token, exitCode: 3 })
    engine.say({ type: 'finished', token: (await engine.hears('finish')).token })

    expect(await engine.ended).toEqual({ exitCode: 0, signal: null })
    expect(engine.stderr).toBe('')
  })

  it('exits when its channels are closed, even with an open runner', async () => {
    await using engine = new EngineLines()
    const token = await engine.begin()
    await engine.openRunner(token)

    engine.hangUp()

    expect(await engine.ended).toEqual({ exitCode: 0, signal: null })
    expect(engine.stderr).toBe('')
  })

  it('ignores SIGINT, SIGTERM and SIGHUP, which the program handles', async () => {
    await using engine = new EngineLines()
    const token = await engine.begin()

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) engine.process.kill(signal)

    expect(await engine.openRunner(token)).toEqual({ runner: 1 })
  })

  it.each([
    ['protocol', { protocolVersion: 7 }, ', protocol 7'],
    ['package', { digest: '0123456789abcdef' }, '(0123456789abcdef, '],
  ])('rejects a program with another %s in one line that names the install command', async (_, differing, shown) => {
    await using engine = new EngineLines()

    engine.sayHello(differing)

    expect((await engine.ended).exitCode).toBe(1)
    expect(engine.stderr).toMatch(/^the version of the Python package cloaca .* does not match .* pip install .*\n$/)
    expect(engine.stderr).toContain(shown)
  })

  it('exits with an error if the program sends an invalid message', async () => {
    await using engine = new EngineLines()

    engine.sayRaw(Buffer.from('Traceback (most recent call last)'))

    expect((await engine.ended).exitCode).toBe(1)
    expect(engine.stderr).toMatch(/^.*sent an invalid message: .*\n$/)
  })

  it.each([[[]], [['--lines', '3']], [['--lines', '3,x']], [['--lines', '3,4,5']], [['--port', '3']]])(
    'prints its usage for the arguments %j',
    async (words) => {
      await using engine = new EngineLines(words)

      expect((await engine.ended).exitCode).toBe(2)
      expect(engine.stderr).toContain('usage: cloaca engine --lines MESSAGES,CONTROL')
    },
  )
})
