/**
 * The engine and `runWorkflow` run the same workflows. Their results are equal, and their functions receive equal
 * arguments equally often.
 */

import { object, optional, string } from 'valibot'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { any, failed, none, Runner, skipped, succeeded, value, workflow } from '../../src/index.ts'
import { runWorkflow } from '../../src/testing/index.ts'

type Note = (...facts: readonly unknown[]) => void

const flaky = (times: number, message = 'boom') => {
  let calls = 0
  return () => {
    calls += 1
    if (calls <= times) throw new Error(message)
    return { calls }
  }
}
const QUICK = { retryDelay: '1ms', jitter: false } as const

/** Functions that declare a workflow, by title. Each run declares its own workflow, and records calls with `note`. */
const WORKFLOWS = {
  'outputs are merged in the order of "after"': (note: Note) =>
    workflow('merge')
      .task('a', () => ({ o: { x: 1, l: [1, 1] }, k: 'a', only: [1, 1] }))
      .task('b', () => ({ o: { y: 2, l: [1.5, 1] }, k: 'b', exact: 2 }))
      .task('c', { after: ['b', 'a'] }, (ctx) => note('c', ctx))
      .task('d', { after: ['a', 'b'] }, (ctx) => note('d', ctx))
      .task('e', { after: ['d', 'c'] }, (ctx) => {
        note('e', ctx)
        return { last: true }
      }),
  'failures and skips do not spread': (note: Note) =>
    workflow('spread')
      .task('bad', { retries: 0 }, flaky(9))
      .task('skip', { when: any() }, () => note('never'))
      .task('after', { after: ['bad', 'skip'] }, (ctx) => note('after', ctx))
      .task('alarm', { after: 'bad', when: failed('bad') }, () => ({ on: 1 }))
      .task('end', { after: ['alarm', 'after'], when: succeeded('alarm') }, (ctx) => note('end', ctx)),
  'tasks read the initial context and the failures': (note: Note) =>
    workflow('facts')
      .task('bad', { ...QUICK, retries: 1 }, flaky(9))
      .task('worse', { after: 'bad', retries: 0 }, flaky(9, 'worse'))
      .task('good', { after: 'bad' }, (ctx, { input, failures }) => note('good', ctx, input, Object.keys(failures)))
      .task('end', { after: ['good', 'worse'] }, (ctx, tools) => note('end', ctx, tools.input, tools.failures)),
  'conditions decide about retries': () =>
    workflow('retries')
      .task('never', { ...QUICK, retryOn: 'never' }, flaky(1, 'timeout'))
      .task('transient', { ...QUICK, retryOn: 'transient', after: 'never' }, flaky(1, 'RATE limit'))
      .task('other', { ...QUICK, retryOn: 'transient', after: 'transient' }, flaky(1))
      .task('pattern', { ...QUICK, retryOn: ['429'], after: 'other' }, flaky(1, 'HTTP 429'))
      .task('all', { ...QUICK, retries: 1, after: 'pattern' }, flaky(3)),
  'rules read the context': (note: Note) =>
    workflow('rules')
      .task('count', () => ({ rows: 3 }))
      .task('more', { after: 'count', when: value('rows', '>', 2.5) }, () => ({ more: true }))
      .task('less', { after: 'count', when: value('rows', '<', 2.5) }, () => ({ less: true }))
      .task('none', { after: ['count', 'less'], when: none(skipped('less')) }, () => ({ none: true }))
      .task('end', { after: ['more', 'less', 'none'] }, (ctx) => note('end', ctx)),
  'callbacks receive the context and the output': (note: Note) =>
    workflow('callbacks').task(
      'a',
      {
        ...QUICK,
        onSuccess: (task, context) => note('success', task, context),
        onFailure: (task, error, context) => {
          note('failure', task, error.message, context)
          throw new Error('changes nothing')
        },
      },
      flaky(1),
    ),
  'functions return and throw invalid values': () =>
    workflow('results')
      .task('nothing', () => undefined)
      .task('no-json', { retries: 0 }, (): never => ({ at: new Date(0) }) as never)
      .task('no-object', { retries: 0 }, (): never => 5 as never)
      .task('no-error', { retries: 0 }, (): never => {
        throw 'a text'
      })
      .task('changes', { retries: 0 }, (ctx) => {
        ;(ctx as { order_id: number }).order_id = 8
      }),
  'a task waits for another task': (note: Note) => {
    let isDone = false
    return workflow('waits')
      .task('wait', async (_, { deferUntil }) => {
        await deferUntil(() => isDone, { pollEvery: '2ms' })
        note('waited')
        return { waited: true }
      })
      .task('other', () => {
        isDone = true
      })
  },
  'a task waits until its timeout': (note: Note) =>
    workflow('overdue').task(
      'wait',
      { timeout: '40ms', retries: 1, ...QUICK, onFailure: () => note('never') },
      async (_, { deferUntil }) => {
        await deferUntil(() => false, { pollEvery: '5ms' })
      },
    ),
  'a task listens to its signal': () =>
    workflow('signal').task('hang', { timeout: '30ms', retries: 0 }, (_, { signal }) => {
      return new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }),
  'the input has defaults': (note: Note) =>
    workflow('defaults', { input: object({ name: optional(string(), 'Ada') }) }).task('a', (ctx) => note(ctx)),
  'more tasks fail than the error message names': () => {
    let many = workflow('many').task('t0', { retries: 0 }, flaky(1, 'boom\nmore'))
    for (let index = 1; index < 7; index++) many = many.task(`t${index}`, { retries: 0 }, flaky(1)) as typeof many
    return many
  },
} as const

describe('the engine and runWorkflow', () => {
  let runner: Runner
  beforeAll(async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    runner = await Runner.open({ database: ':memory:' })
  })
  afterAll(() => runner.close())

  it.each(Object.entries(WORKFLOWS))('have the same results: %s', async (_, declare) => {
    const notes: unknown[][] = [[], []]
    const [inEngine, inTest] = notes.map((kept) => declare((...facts) => void kept.push(facts)))
    if (inEngine === undefined || inTest === undefined) throw new Error('nothing was declared')
    const input = { order_id: 7 }

    await runner.register(inEngine)
    const result = await runner.execute(inEngine.name, input)
    const run = await runWorkflow(inTest, input as never)

    const { status, errorMessage, contextText } = run
    expect({ status, errorMessage, contextText }).toEqual({
      status: result.status,
      errorMessage: result.errorMessage,
      contextText: result.contextText,
    })
    const tasks = Object.values(run.tasks) as { id: string; status: string; attempts: number; error: string | null }[]
    const facts = ({ id, status, attempts, error }: (typeof tasks)[number]) => ({ id, status, attempts, error })
    expect(tasks.map(facts)).toEqual(result.tasks.map(facts))
    // Independent tasks may end in any order.
    expect(notes[1]?.map((each) => JSON.stringify(each)).sort()).toEqual(
      notes[0]?.map((each) => JSON.stringify(each)).sort(),
    )
  })
})
