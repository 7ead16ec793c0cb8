/** Programs that must compile with every compiler and all its options. */

export const RIGHT_PROGRAMS: Readonly<Record<string, string>> = {
  'orders.ts': `
import { Runner, type InputOf, type OutputOf, skip, succeeded, trigger, workflow } from 'cloaca'
import { number, object } from 'valibot'

declare function next(): Promise<{ order_id: number } | undefined>

export const orders = workflow('order_processor', { input: object({ order_id: number() }) })
  .task('fetch', async (ctx) => ({ lines: [String(ctx.order_id)] }))
  .task('score', { after: 'fetch', python: { script: 'score.py', task: 'score' } })
  .task(
    'ship',
    { after: ['fetch', 'score'], retries: 3, timeout: '20s', when: succeeded('score') },
    async (ctx, { signal, log, attempt, input }) => {
      const orderId: number = input.order_id
      log.info('shipping', { lines: ctx.lines, attempt, orderId })
      signal.throwIfAborted()
      return { shipped: ctx.lines.length, score: ctx.score ?? null }
    },
  )

export const inbox = trigger('inbox', { every: '2s', starts: orders }, async () => {
  return (await next()) ?? skip('nothing new')
})

const input: InputOf<typeof orders> = { order_id: 7 }
export const shipped = (output: OutputOf<typeof orders>): number => output.shipped

export async function main(): Promise<number> {
  const runner = await Runner.open({ database: ':memory:' })
  await runner.register(orders, inbox)
  const result = await runner.execute(orders, input, { timeoutMs: 1000 })
  const named = await runner.execute('order_processor', { anything: [1, null] })
  runner.on('executionFinished', ({ workflow }) => workflow)
  if (result.status === 'Completed') return result.context.shipped + result.context.lines.length
  return named.status === 'Failed' ? 1 : 0
}
`,
  'conditions.ts': `
import { all, always, any, failed, none, skipped, succeeded, value, workflow } from 'cloaca'

export const conditions = workflow('conditions')
  .task('a', () => ({ n: 1, list: [1] }))
  .task('b', () => ({ s: 'x', list: ['y'] }))
  .task(
    'both',
    { after: ['a', 'b'], when: all(succeeded('a'), any(succeeded('b'), all(succeeded('b'), failed('a')))) },
    ({ n, s, list }) => ({ sum: n + s.length + list.length }),
  )
  .task('single', { after: 'a', when: all(value('n', '>', 0), none(skipped('a'))) }, ({ n }) => ({ twice: n * 2 }))
  .task('half', { after: ['a', 'b'], when: succeeded('b') }, (ctx) => {
    const isOptional: undefined extends typeof ctx.n ? true : false = true
    const list: readonly (number | string)[] = ctx.list
    return { length: ctx.s.length + list.length, isOptional }
  })
  .task('either', { after: ['a'], when: any(succeeded('a'), failed('a')) }, (ctx) => ({ left: ctx.n ?? 0 }))
  .task('then', { after: ['half', 'both'] }, ({ n, s }) => ({ rest: n - s.length }))
  .delay('later', { after: 'a', when: always(), for: '1s' })
  .task('last', { after: 'later' }, (ctx) => ({ next: (ctx.n ?? 0) + 1 }))
`,
  'options.ts': `
import {
  all, always, any, failed, fire, none, skip, skipped, succeeded, trigger, value, workflow, type TaskFailure,
  type TaskRetryOptions,
} from 'cloaca'

const patient: TaskRetryOptions = {
  retries: 4, backoff: { kind: 'exponential', base: 3 }, retryDelay: '250ms', maxDelay: '1m', jitter: false,
  retryOn: ['429'],
}

export const flow = workflow('flow', {
  title: 'Flow', description: 'all options', tags: { team: 'a' }, tenant: 't', package: 'p',
})
  .task('a', { ...patient, timeout: '5m' }, () => ({ list: [1], same: 'x', deep: { left: 1 } }))
  .task(
    'b',
    {
      backoff: 'linear',
      retryOn: 'transient',
      onSuccess: (task, context) => [task, context.same],
      onFailure: (task, error) => \`\${task}: \${error.message}\`,
    },
    () => ({ list: ['two'], same: 'y', deep: { right: true } }),
  )
const merged = flow.task(
  'c',
  {
    after: [flow.tasks.a, 'b'],
    when: all(
      any(succeeded('a'), failed('b')), succeeded('a'), succeeded('b'), none(skipped('a')), value('same', '==', 'y'),
      value('x', 'notExists'), always(),
    ),
  },
  (ctx) => {
    const each: readonly (number | string)[] = ctx.list
    const deep: { readonly left: number; readonly right: boolean } = ctx.deep
    const same: string = ctx.same
    return { count: each.length, deep, same }
  },
)
export const deferred = merged.task('d', { after: 'c' }, async (ctx, tools) => {
  await tools.deferUntil(async () => ctx.count > 0, { pollEvery: '100ms' })
  const failures: readonly TaskFailure[] = Object.values(tools.failures)
  const attempts: number = failures[0]?.attempts ?? tools.failures['a']?.attempts ?? 0
  tools.log.info('read', { attempts, given: tools.input })
  const { password = '' } = await tools.secret('warehouse')
  const receipt: { id: number } = await tools.once('charge', async () => ({ id: tools.key('charge').length }))
  const child = await tools.run('billing', { receipt: receipt.id }, { key: 'bill' })
  const facts: readonly (string | number | null)[] = [child.status, child.endedAt, child.errorMessage]
  tools.log.info('child', { facts, context: child.context })
  if (password === '') return { count: 'none' }
  return
})
export const optional = deferred.task('e', { after: 'd' }, (ctx) => ({ seen: ctx.count ?? null }))
export const polled = trigger(
  'polled',
  {
    starts: flow, timeout: '5s', jitter: '1s', maxActive: 3, pauseAfter: 5, onChange: true, allowConcurrent: true,
    description: 'looks', expectFire: '26h', tags: { team: 'data' },
  },
  ({ signal, log, trigger }) => {
    log.debug(trigger)
    return signal.aborted ? skip() : fire({ at: 1 })
  },
)
export const bare = trigger('bare', { starts: flow }, () => fire())
declare function rowsAfter(id: number): Promise<{ id: number; name: string | null }[]>
export const rows = trigger(
  'rows',
  { every: '5s', starts: flow, state: { last: 0, seen: [] as string[] }, keyTtl: '90d' },
  async ({ state, log }) => {
    const found = await rowsAfter(state.last)
    const last: number | undefined = found.at(-1)?.id
    if (last !== undefined) state.last = last
    state.seen.push(String(last))
    log.info('polled')
    return found.map((row) => fire(row, { key: \`row-\${row.id}\` }))
  },
)
export const mixed = trigger('mixed', { starts: flow, state: {}, keyTtl: 'never' }, () => {
  if (Math.random() > 0.5) return skip('nothing')
  return Math.random() > 0.5 ? [fire({ a: 1 }), fire({ b: 'x' })] : fire({}, { key: 'k' })
})
export const nothing = trigger('nothing', { starts: flow }, () => [])
export const thrower = flow.task('thrower', (): never => {
  throw new Error('always')
})
export const flagged = trigger('flagged', { starts: 'python_workflow' }, () => Math.random() > 0.5)
export const nightly = trigger('nightly', { cron: '0 3 * * *', timezone: 'Europe/Paris', catchup: 'all', starts: flow })
`,
  'waits.ts': `
import { succeeded, workflow, type OutputOf } from 'cloaca'
import { number, object, string } from 'valibot'

const form = { type: 'object', properties: { amount: { type: 'number' } } }
export const refund = workflow('refund', { input: object({ order_id: number() }) })
  .task('prepare', () => ({ total: 3 }))
  .waitForSignal('decided', {
    after: 'prepare', signal: 'refund-decision', key: '{order_id}', timeout: '3d', payload: object({ by: string() }),
  })
  .delay('cool_down', { after: 'decided', for: '24h' })
  .approval('ok', { after: 'cool_down', title: 'Refund?', form: object({ amount: number() }), timeout: '3d' })
  .approval('sure', {
    after: ['ok'], when: succeeded('ok'), title: 'Sure?', form, timeout: '1h', onTimeout: 'continue',
  })
  .waitForSignal('paid', { after: 'sure', signal: 'paid' })
  .task('pay', { after: 'paid' }, ({ decided, ok, sure, paid, total, order_id }) => {
    const amount: number = ok.values.amount
    const by: string = decided.by + ok.by
    const note: string | null = sure === null ? null : sure.note
    return { amount, by, note, answer: paid, sum: total + order_id }
  })
export const amount = (output: OutputOf<typeof refund>): number => output.ok.values.amount + output.amount
export const only = workflow('only').approval('ok', { title: 'Go on?' })
`,
  'limits.ts': `
import { limit, trigger, workflow, type Limit, type LimitOptions } from 'cloaca'

const options: LimitOptions = { maxActive: 3, rate: '100/1m', per: 'tenant' }
export const crm: Limit<'crm'> = limit('crm', options)
export const api = limit('api', { rate: '5/500ms' })
export const limits: readonly Limit[] = [crm, api]
export const sync = workflow('sync', { maxActive: 1, per: 'customer', overflow: 'queue', priority: 10 })
  .task('push', { limits: [crm] }, () => ({ pushed: 1 }))
  .task('score', { after: 'push', limits, python: { script: 'score.py', task: 'score' } })
  .task('end', { after: 'score', limits: [] }, ({ pushed }) => ({ sum: pushed + 1 }))
export const polled = trigger('polled', { starts: sync, every: '1m', priority: -5 }, () => true)
export const nightly = trigger('nightly', { starts: sync, cron: '0 3 * * *', priority: 5 })
`,
  'values.ts': `
import { workflow, type JsonObject } from 'cloaca'

interface Line { sku: string; parts?: Line[]; weight: number | null }
type Tree = { name: string; children: readonly Tree[] }
declare const line: Line
declare const tree: Tree
declare const data: JsonObject
declare const unknowns: unknown
declare function parsed(): any

export const flow = workflow('values')
  .task('records', (ctx) => {
    return { line, all: [line], tree, ctx, data, pair: [1, 'two'] as const, either: Math.random() > 0.5 ? 1 : null }
  })
  .task('any', { after: 'records' }, () => ({ parsed: parsed() }))
  .task('unknown', { after: 'records' }, () => unknowns as JsonObject)
  .task('spread', { after: 'any' }, (ctx) => ({ ...ctx, line: { ...ctx.line, sku: 'other' } }))
  .task('pair', { after: 'spread' }, ({ pair: [one, two], line: { sku, parts = [] } }) => {
    return { sum: one + two.length + sku.length + parts.length }
  })
  .task('nothing', { after: 'pair' }, async () => {})
  .task('sum', { after: 'nothing' }, (ctx) => ({ sum: String(ctx.sum) }))
  .task('text', { after: 'sum' }, (ctx) => ({ text: ctx.sum.toUpperCase(), open: ctx.whatever ?? null }))
`,
}

/** Returns a program with a chain and a fan of `tasks` tasks. Each task uses the result of a previous task. */
export function largeProgram(tasks: number): string {
  const links = Array.from({ length: tasks }, (_, index) => index + 1)
  const chain = links.map((n) => `  .task('t${n}', { after: 't${n - 1}' }, (ctx) => ({ k${n}: ctx.k${n - 1} + 1 }))`)
  const fan = links.map((n) => `  .task('f${n}', { after: 't0' }, (ctx) => ({ v${n}: ctx.k0 + 1 }))`)
  const all = links.map((n) => `'f${n}'`).join(', ')
  return `import { workflow } from 'cloaca'
export const chain = workflow('chain').task('t0', () => ({ k0: 1 }))
${chain.join('\n')}
export const fan = workflow('fan').task('t0', () => ({ k0: 1 }))
${fan.join('\n')}
  .task('end', { after: [${all}] }, (ctx) => { const n: number = ctx.v1 + ctx.v${tasks}; return { n } })
`
}
