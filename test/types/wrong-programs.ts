/** Programs that must not compile, each with a pattern of the message that its author reads. */

import { WRONG_LIMITS_AND_NODES } from './wrong-limits-and-nodes.ts'
import { type WrongProgram, wrong } from './wrong-program.ts'

/** Module that every program imports. */
export const SHOP = `
import { object, number, optional, pipe, string, transform } from 'valibot'
import { limit, type Runner, workflow } from 'cloaca'

const input = object({ order_id: number(), note: optional(string(), '') })
export const orders = workflow('order_processor', { input })
  .task('fetch', async ({ order_id }) => ({ lines: [\`line of \${order_id}\`] }))
  .task('score', { after: 'fetch', python: { script: 'score.py', task: 'score', adds: object({ score: number() }) } })
  .task('ship', { after: ['fetch', 'score'] }, ({ score }) => ({ shipped: score > 3 }))
export const open = workflow('open').task('only', () => ({ count: 1 }))
export const dated = pipe(object({ at: string() }), transform(({ at }) => ({ at: new Date(at) })))
export const other = workflow('other').task('elsewhere', () => {})
export const crm = limit('crm', { maxActive: 3, rate: '100/1m', per: 'tenant' })
export declare const runner: Runner
`

const IMPORTS = `import { all, always, any, failed, fire, limit, skip, skipped } from 'cloaca'
import { succeeded, trigger, value, workflow } from 'cloaca'
import { crm, dated, open, orders, other, runner } from './shop.js'
void [all, always, any, failed, fire, limit, skip, skipped, succeeded, trigger, value, workflow]
void [crm, dated, open, orders, other, runner]
`

/** Returns the text of the file of a program. */
export function wrongFile({ code }: WrongProgram): string {
  return `${IMPORTS}${code}\n`
}

export const WRONG_PROGRAMS: readonly WrongProgram[] = [
  // Results of tasks.
  wrong(
    'a result with a Date',
    `open.task('x', () => ({ at: new Date() }))`,
    /"at\\?" is a Date, which is not a JSON value: use \.toISOString\(\)/,
  ),
  wrong(
    'a result with a nested Date',
    `open.task('x', async () => ({ rows: [{ at: new Date() }] }))`,
    /"rows\[\]\.at\\?" is a Date/,
  ),
  wrong('a Date as a result', `open.task('x', () => new Date())`, /The result is a Date, which is not a JSON value/),
  wrong(
    'a result with undefined',
    `open.task('x', (ctx) => ({ first: [String(ctx.a)].at(0) }))`,
    /"first\\?" may be undefined, which is not a JSON value: use null, or omit the key/,
  ),
  wrong(
    'a result with a bigint',
    `open.task('x', () => ({ big: 2n ** 60n }))`,
    /"big\\?" is a bigint, which is not a JSON value: use a number or a string/,
  ),
  wrong(
    'a result with a symbol',
    `open.task('x', () => ({ mark: Symbol.iterator }))`,
    /"mark\\?" is a symbol, which is not a JSON value/,
  ),
  wrong(
    'a result with a function',
    `open.task('x', () => ({ later: () => 1 }))`,
    /"later\\?" is a function, which is not a JSON value/,
  ),
  wrong(
    'a result with a Map',
    `open.task('x', () => ({ prices: new Map([['a', 1]]) }))`,
    /"prices\\?" is a Map, which is not a JSON value: use Object\.fromEntries\(\)/,
  ),
  wrong(
    'a result with a Set',
    `open.task('x', () => ({ skus: new Set(['a']) }))`,
    /"skus\\?" is a Set, which is not a JSON value: use an array/,
  ),
  wrong(
    'a result with a promise',
    `open.task('x', () => ({ rows: Promise.resolve([1]) }))`,
    /"rows\\?" is a promise, which is not a JSON value: await it/,
  ),
  wrong(
    'a result with an instance of a class',
    `open.task('x', () => ({ at: new URL('http://shop.test') }))`,
    /"at\\?" is an object with functions, which is not a JSON value: return only its data/,
  ),
  wrong(
    'a number as a result',
    `open.task('x', async () => 5)`,
    /A task must return an object with the values that it adds to the context, or nothing/,
  ),
  wrong(
    'an array as a result',
    `open.task('x', (ctx) => [ctx.a])`,
    /A task must return an object with the values that it adds to the context, or nothing/,
  ),
  wrong(
    'null as a result',
    `open.task('x', async () => null)`,
    /A task must return an object with the values that it adds to the context, or nothing/,
  ),
  // Context of a task.
  wrong(
    'a context key that no task adds',
    `orders.task('x', { after: 'fetch' }, ({ lins }) => ({ count: lins.length }))`,
    /'lins'.* does not exist/,
  ),
  wrong(
    'a key of the initial context that only a task adds',
    `orders.task('x', { after: 'fetch' }, (_, { input }) => ({ count: input.lines.length }))`,
    /'lines' does not exist/,
  ),
  wrong(
    'a change of the initial context',
    `orders.task('x', { after: 'fetch' }, (_, { input }) => { input.order_id = 8 })`,
    /Cannot assign to 'order_id' because it is a read-only property/,
  ),
  wrong(
    'a field that a failure lacks',
    `orders.task('x', { after: 'fetch' }, (_, { failures }) => ({ code: Number(failures.fetch.code) }))`,
    /'code' does not exist/,
  ),
  wrong(
    'a context key that only a later task adds',
    `orders.task('x', { after: 'fetch' }, (ctx) => ({ double: ctx.score * 2 }))`,
    /'score' does not exist/,
  ),
  wrong(
    'a context key of another branch',
    `orders.task('x', (ctx) => ({ count: ctx.lines.length }))`,
    /'lines' does not exist/,
  ),
  wrong(
    'a wrong type of a context key',
    `orders.task('x', { after: 'fetch' }, (ctx) => ({ word: ctx.order_id.toUpperCase() }))`,
    /'toUpperCase' does not exist on type 'number'/,
  ),
  wrong(
    'an assignment to a context key',
    `orders.task('x', (ctx) => { ctx.order_id = 8 })`,
    /Cannot assign to 'order_id' because it is a read-only property/,
  ),
  wrong(
    'a change of a nested value of the context',
    `orders.task('x', { after: 'fetch' }, (ctx) => { ctx.lines.push('one more') })`,
    /'push' does not exist on type 'readonly string\[\]'/,
  ),
  // Dependencies and rules.
  wrong(
    'a dependency on an unknown task',
    `orders.task('x', { after: 'fecth' }, () => {})`,
    /"fecth".* Did you mean '"fetch"'/,
  ),
  wrong(
    'several dependencies with an unknown task',
    `orders.task('x', { after: ['fetch', 'scor'] }, () => {})`,
    /"scor".* Did you mean '"score"'/,
  ),
  wrong(
    'an unknown task value as a dependency',
    `orders.task('x', { after: orders.tasks.fecth }, () => {})`,
    /'fecth' does not exist.*Did you mean 'fetch'|Property 'fecth' does not exist/,
  ),
  wrong(
    'a dependency on a task of another workflow',
    `orders.task('x', { after: other.tasks.elsewhere }, () => {})`,
    /TaskValue<"elsewhere">.* is not assignable/,
  ),
  wrong(
    'two tasks with the same id',
    `orders.task('ship', () => {})`,
    /The workflow already has a task with this id: use another id/,
  ),
  wrong(
    'a rule about an unknown task',
    `orders.task('x', { after: 'fetch', when: succeeded('fecth') }, () => {})`,
    /"fecth".* is not assignable to type/,
  ),
  wrong(
    'a nested rule about an unknown task',
    `orders.task('x', { when: all(succeeded('fetch'), any(failed('shp'))) }, () => {})`,
    /"shp".* is not assignable to type/,
  ),
  wrong(
    'a key of a task that failed',
    `orders.task('x', { after: 'fetch', when: failed('fetch') }, ({ lines }) => ({ n: lines.length }))`,
    /'lines' is possibly 'undefined'/,
  ),
  wrong(
    'a key of a task that may have failed',
    `orders.task('x', { after: 'fetch', when: always() }, ({ lines }) => ({ n: lines.length }))`,
    /'lines' is possibly 'undefined'/,
  ),
  wrong(
    'a key of a task that may not have completed',
    `orders.task(
      'x', { after: 'fetch', when: any(succeeded('fetch'), skipped('fetch')) }, ({ lines }) => ({ n: lines.length }),
    )`,
    /'lines' is possibly 'undefined'/,
  ),
  wrong(
    'a key that may be missing',
    `orders.task('x', { after: 'fetch', when: value('lines', '!=', 7) }, ({ lines }) => ({ n: lines.length }))`,
    /'lines' is possibly 'undefined'/,
  ),
  wrong(
    'a string as a rule',
    `orders.task('x', { after: 'fetch', when: 'succeeded' }, () => {})`,
    /'string' is not assignable to type 'Rule</,
  ),
  wrong('an unknown comparison', `value('rows', '>=', 3)`, /">=".* is not assignable/),
  wrong(
    'a comparison without an operand',
    `value('rows', '>')`,
    /Argument of type '">"' is not assignable|Expected 3 arguments, but got 2/,
  ),
  // Options of a task.
  wrong(
    'an unknown task option',
    `orders.task('x', { retry: 3 }, () => {})`,
    /'retry' does not exist in type 'TaskOptions/,
  ),
  wrong(
    'a duration with a spelled-out unit',
    `orders.task('x', { timeout: '20 seconds' }, () => {})`,
    /"20 seconds".* is not assignable/,
  ),
  wrong(
    'a duration without a unit',
    `orders.task('x', { retryDelay: 250 }, () => {})`,
    /'number' is not assignable to type/,
  ),
  wrong(
    'an unknown backoff',
    `orders.task('x', { backoff: 'quadratic' }, () => {})`,
    /"quadratic".* is not assignable/,
  ),
  wrong('a task without a function', `orders.task('x', { after: 'fetch' })`, /'python' is missing in type/),
  wrong(
    'a task with both a function and Python',
    `orders.task('x', { python: { script: 'a.py', task: 'x' } }, () => {})`,
    /'python' does not exist in type 'TaskOptions/,
  ),
  wrong(
    'a callback of a Python task',
    `orders.task('x', { python: { script: 'a.py', task: 'x' }, onSuccess: () => {} })`,
    /'onSuccess' does not exist in type '.*PythonTaskOptions/,
  ),
  wrong('a Python task without a script', `orders.task('x', { python: { task: 'x' } })`, /'script' is missing in type/),
  // Results of triggers.
  wrong(
    'a fired context with a wrong type',
    `trigger('t', { every: '2s', starts: orders }, () => fire({ order_id: '7' }))`,
    /"order_id\\?" of the fired context does not have the type that the input of the workflow requires/,
  ),
  wrong(
    'a fired context without a key that the input requires',
    `trigger('t', { every: '2s', starts: orders }, async () => ({ order: 7 }))`,
    /"order_id\\?" is missing in the fired context: the input of the workflow requires it/,
  ),
  wrong(
    'a firing without a context where the input requires a key',
    `trigger('t', { every: '2s', starts: orders }, () => fire())`,
    /"order_id\\?" is missing in the fired context/,
  ),
  wrong(
    'a poll that returns true where the input requires a key',
    `trigger('t', { every: '2s', starts: orders }, () => Math.random() > 0.5)`,
    /"order_id\\?" is missing in the fired context/,
  ),
  wrong(
    'a fired context with a Date',
    `trigger('t', { every: '2s', starts: open }, () => ({ at: new Date() }))`,
    /"at\\?" is a Date, which is not a JSON value/,
  ),
  wrong(
    'a poll that returns nothing',
    `trigger('t', { every: '2s', starts: open }, async () => { await null })`,
    /A trigger must return an object, fire\(…\) or skip\(…\)/,
  ),
  wrong(
    'a poll that may return nothing',
    `trigger('t', { every: '2s', starts: open }, async () => { if (Math.random() > 1) return skip() })`,
    /A trigger must return an object, fire\(…\) or skip\(…\)/,
  ),
  wrong(
    'a poll that returns an array',
    `trigger('t', { every: '2s', starts: open }, () => [1])`,
    /An array that a trigger returns must contain only fire\(…\)/,
  ),
  wrong(
    'a poll that fires an array',
    `trigger('t', { every: '2s', starts: open }, () => fire([1]))`,
    /A trigger must fire an object, but this function may fire an array/,
  ),
  wrong(
    'a poll that returns an array with skip()',
    `trigger('t', { every: '2s', starts: open }, () => [fire({ a: 1 }), skip()])`,
    /An array that a trigger returns must contain only fire\(…\)/,
  ),
  wrong(
    'an array of firings with a wrong context',
    `trigger('t', { every: '2s', starts: orders }, () => [fire({ order_id: '7' }, { key: 'a' })])`,
    /"order_id\\?" of the fired context does not have the type that the input of the workflow requires/,
  ),
  wrong('a key that is a number', `fire({ order_id: 7 }, { key: 7 })`, /'number' is not assignable to type 'string'/),
  wrong(
    'a default state with a Date',
    `trigger('t', { every: '2s', starts: open, state: { at: new Date() } }, () => skip())`,
    /"at\\?" is a Date, which is not a JSON value/,
  ),
  wrong(
    'a state with another type than its default',
    `trigger('t', { starts: open, state: { last: 0 } }, ({ state }) => { state.last = 'x'; return skip() })`,
    /'string' is not assignable to type 'number'/,
  ),
  wrong(
    'the state of a trigger without one',
    `trigger('t', { every: '2s', starts: open }, ({ state }) => skip(String(state)))`,
    /'state' does not exist on type 'PollTools'/,
  ),
  wrong(
    'a lifetime of keys in words',
    `trigger('t', { every: '2s', starts: open, keyTtl: 'always' }, () => skip())`,
    /'"always"' is not assignable to type/,
  ),
  wrong(
    'a skip reason that is not a string',
    `skip(new Error('why'))`,
    /'Error' is not assignable to parameter of type 'string'/,
  ),
  // Options of a trigger.
  wrong(
    'a poll interval in words',
    `trigger('t', { every: 'minute', starts: open }, () => skip())`,
    /"minute".* is not assignable/,
  ),
  wrong('a trigger without a workflow', `trigger('t', { every: '2s' }, () => skip())`, /'starts' is missing in type/),
  wrong(
    'a cron trigger with a poll interval',
    `trigger('t', { cron: '0 3 * * *', every: '2s', starts: open })`,
    /'every' does not exist in type 'CronOptions/,
  ),
  wrong(
    'a cron trigger with a function',
    `trigger('t', { cron: '0 3 * * *', starts: open }, () => skip())`,
    /'cron' does not exist in type 'PollOptions/,
  ),
  wrong(
    'an unknown catch-up policy',
    `trigger('t', { cron: '0 3 * * *', catchup: 'some', starts: open })`,
    /"some".* is not assignable/,
  ),
  wrong(
    'a cron trigger for a workflow that requires input',
    `trigger('t', { cron: '0 3 * * *', starts: orders })`,
    /A cron trigger passes no input, but this workflow requires input: use a polled trigger/,
  ),
  // Input of a workflow, and calls of a runner.
  wrong(
    'an input that is not a schema',
    `workflow('x', { input: { order_id: 'number' } })`,
    /'string' is not assignable|does not exist in type|'"~standard"' is missing/,
  ),
  wrong(
    'an input schema that returns a Date',
    `workflow('x', { input: dated })`,
    /"at\\?" is a Date, which is not a JSON value/,
  ),
  wrong(
    'an unknown workflow option',
    `workflow('x', { descriptoin: 'ships' })`,
    /'descriptoin' does not exist in type 'WorkflowOptions/,
  ),
  wrong(
    'an executed context with a wrong type',
    `runner.execute(orders, { order_id: '7' })`,
    /'string' is not assignable to type 'number'/,
  ),
  wrong('an execution without the required context', `runner.execute(orders)`, /Expected 2-3 arguments, but got 1/),
  wrong(
    'a wrong type of a key in the context of a result',
    `const n: string = (await runner.execute(open)).context.count; void n`,
    /is not assignable to type 'string'/,
  ),
  wrong(
    'a key in the context of a result without a check of its status',
    `const { context } = await runner.execute(orders, { order_id: 7 }); void context.shipped.valueOf()`,
    /is possibly 'null'|does not exist on type|possibly/,
  ),
  wrong(
    'a registered value that is neither a workflow nor a trigger',
    `await runner.register(orders, 'inbox')`,
    /'string' is not assignable to parameter of type 'AnyWorkflow \| (Limit<string> \| )?Trigger/,
  ),
  ...WRONG_LIMITS_AND_NODES,
]
