/** Calls that would end the process, made within a task or a poll. */

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openFunctions } from './open-functions.ts'

const HERE = fileURLToPath(import.meta.url)

describe('a call that would end the process', () => {
  it.each<[string, number, () => void]>([
    ['process.exit(3)', 3, () => process.exit(3)],
    ['process.exit()', 0, () => process.exit()],
    ['process.reallyExit(4)', 4, () => (process as unknown as { reallyExit(code: number): void }).reallyExit(4)],
    ['process.abort()', 134, () => process.abort()],
    ["process.kill(process.pid, 'SIGTERM')", 143, () => process.kill(process.pid)],
    ["process.kill(process.pid, 'SIGKILL')", 137, () => process.kill(process.pid, 9)],
    ["process.kill(0, 'SIGINT')", 130, () => process.kill(0, 'SIGINT')],
  ])('fails the attempt with the place and the exit code, and without a retry: %s', async (text, exitCode, end) => {
    using functions = openFunctions()

    const outcomes = [await functions.run(end), await functions.run(async () => sleep(1).then(end))]

    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        kind: 'failed',
        isFinal: true,
        error: {
          type: 'PROCESS_EXIT',
          message: expect.stringMatching(
            new RegExp(
              `^PROCESS_EXIT: task 'ship' of workflow 'orders' called ${escaped(text)} ` +
                `\\(${escaped(HERE)}, line \\d+\\) `,
            ),
          ),
          traceback: expect.stringContaining(HERE),
        },
      })
      expect(outcome.kind === 'failed' && outcome.error.message).toContain(
        ` with exit code ${exitCode}: the attempt failed and is not retried.`,
      )
    }
  })

  it('fails a poll', async () => {
    using functions = openFunctions()

    expect(await functions.poll(() => process.exit(8))).toMatchObject({
      kind: 'failed',
      error: { type: 'PROCESS_EXIT', message: expect.stringContaining(' with exit code 8: the poll failed.') },
    })
  })

  it('throws an error with the code and the facts', async () => {
    using functions = openFunctions()
    let seen: unknown

    await functions.run(() => {
      try {
        process.exit(3)
      } catch (thrown) {
        seen = thrown
      }
    })

    expect(seen).toMatchObject({
      code: 'PROCESS_EXIT',
      facts: { exitCode: 3, file: HERE, line: expect.any(Number) },
    })
  })

  it('ends the attempt immediately, also if the function catches the error and continues', async () => {
    using functions = openFunctions()
    const go = Promise.withResolvers<void>()
    let aborted: unknown

    const outcome = await functions.run(async (_context, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason
      })
      try {
        process.exit(3)
      } catch {
        await go.promise
      }
      return { went: 'on' }
    })
    go.resolve()
    await expect.poll(() => functions.notices).toHaveLength(1)

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'PROCESS_EXIT' } })
    expect(aborted).toMatchObject({ code: 'PROCESS_EXIT' })
    expect(functions.notices[0]).toContain('did not stop in time, and has now ended')
  })

  it('ignores the result of a function that catches the error and returns', async () => {
    using functions = openFunctions()

    const outcome = await functions.run(() => {
      try {
        process.exit(3)
      } catch {
        return { went: 'on' }
      }
    })

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'PROCESS_EXIT' } })
  })

  it('ends the attempt if a timer, a promise in the background or a callback made the call', async () => {
    using functions = openFunctions()
    const never = new Promise<void>(() => undefined)

    const outcomes = [
      await functions.run(() => {
        setTimeout(() => process.exit(5), 0)
        return never
      }),
      await functions.run(() => {
        void sleep(1).then(() => process.exit(5))
        return never
      }),
      await functions.run(() => ({ a: 1 }), { onSuccess: () => process.exit(5) }),
    ]

    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'PROCESS_EXIT' } })
    expect(functions.notices).toEqual([])
  })

  it('does not affect a concurrent task', async () => {
    using functions = openFunctions()
    const go = Promise.withResolvers<void>()
    const innocent = functions.run(() => go.promise, { executionId: 'other' })

    expect(await functions.run(() => process.exit(3))).toMatchObject({ kind: 'failed' })
    go.resolve()

    expect(await innocent).toMatchObject({ kind: 'completed' })
  })

  it('is ignored, and logged once, if the attempt has ended', async () => {
    using functions = openFunctions()

    const outcome = await functions.run(() => void setTimeout(() => process.exit(5), 1))
    await expect.poll(() => functions.notices).toHaveLength(1)
    await sleep(5)

    expect(outcome).toMatchObject({ kind: 'completed' })
    expect(functions.notices).toEqual([
      expect.stringMatching(/ called process\.exit\(5\) .* after its end, so the call was ignored$/),
    ])
  })

  it('is recognized if the method is imported by name', async () => {
    using functions = openFunctions()
    const { exit, kill } = await import('node:process')

    for (const end of [() => exit(6), () => kill(process.pid, 'SIGKILL')]) {
      expect(await functions.run(end)).toMatchObject({ kind: 'failed', error: { type: 'PROCESS_EXIT' } })
    }
  })
})

describe('the methods of process', () => {
  it('work as usual within an attempt if they do not end the process', async () => {
    using functions = openFunctions()
    let signals = 0
    const count = () => {
      signals += 1
    }
    process.on('SIGUSR2', count)

    const outcome = await functions.run(async () => {
      process.kill(process.pid, 0)
      process.kill(process.pid, 'SIGUSR2')
      process.kill(process.pid, 'SIGWINCH')
      expect(() => process.kill(2 ** 30, 0)).toThrow('ESRCH')
      expect(() => process.kill(process.pid, 'SIGNOTHING' as NodeJS.Signals)).toThrow('SIGNOTHING')
    })
    await expect.poll(() => signals).toBe(1)
    process.off('SIGUSR2', count)

    expect(outcome).toMatchObject({ kind: 'completed' })
  })

  it('are restored when the last host is closed', () => {
    const { exit, abort, kill } = process
    {
      using _functions = openFunctions()
      expect(process.exit).not.toBe(exit)
    }

    expect(process).toMatchObject({ exit, abort, kill })
  })
})

function escaped(text: string): string {
  return text.replace(/[.()/]/g, '\\$&')
}
