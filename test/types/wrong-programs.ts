/** Programs that must not compile, each with the sentence that its author reads. */

export interface WrongProgram {
  /** What is wrong with it, and the name of its file. */
  readonly title: string
  readonly code: string
  /** What the compiler's message has, whatever the compiler. */
  readonly says: RegExp
}

/** What all of them may use. */
export const SHOP = `
import { object, number, optional, pipe, string, transform } from 'valibot'
import { type Runner, workflow } from 'cloaca'

export const orders = workflow('order_processor', { input: object({ order_id: number(), note: optional(string(), '') }) })
  .task('fetch', async ({ order_id }) => ({ lines: [\`line of \${order_id}\`] }))
  .task('score', { after: 'fetch', python: { script: 'score.py', task: 'score', adds: object({ score: number() }) } })
  .task('ship', { after: ['fetch', 'score'] }, ({ score }) => ({ shipped: score > 3 }))
export const open = workflow('open').task('only', () => ({ count: 1 }))
export const dated = pipe(object({ at: string() }), transform(({ at }) => ({ at: new Date(at) })))
export const other = workflow('other').task('elsewhere', () => {})
export declare const runner: Runner
`

const IMPORTS = `import { all, any, failed, fire, skip, succeeded, trigger, value, workflow } from 'cloaca'
import { dated, open, orders, other, runner } from './shop.js'
void [all, any, failed, fire, skip, succeeded, trigger, value, workflow, dated, open, orders, other, runner]
`

/** The text of its file. */
export function wrongFile({ code }: WrongProgram): string {
  return `${IMPORTS}${code}\n`
}

const wrong = (title: string, code: string, says: RegExp): WrongProgram => ({ title, code, says })

export const WRONG_PROGRAMS: readonly WrongProgram[] = [
  // what a task returns
  wrong(
    'a Date',
    `open.task('x', () => ({ at: new Date() }))`,
    /"at\\?" is a Date, which is not a JSON value: use \.toISOString\(\)/,
  ),
  wrong('a Date within', `open.task('x', async () => ({ rows: [{ at: new Date() }] }))`, /"rows\[\]\.at\\?" is a Date/),
  wrong('a Date alone', `open.task('x', () => new Date())`, /The result is a Date, which is not a JSON value/),
  wrong(
    'undefined',
    `open.task('x', (ctx) => ({ first: [String(ctx.a)].at(0) }))`,
    /"first\\?" may be undefined, which is not a JSON value: use null, or omit the key/,
  ),
  wrong(
    'a bigint',
    `open.task('x', () => ({ big: 2n ** 60n }))`,
    /"big\\?" is a bigint, which is not a JSON value: use a number or a string/,
  ),
  wrong(
    'a symbol',
    `open.task('x', () => ({ mark: Symbol.iterator }))`,
    /"mark\\?" is a symbol, which is not a JSON value/,
  ),
  wrong(
    'a function',
    `open.task('x', () => ({ later: () => 1 }))`,
    /"later\\?" is a function, which is not a JSON value/,
  ),
  wrong(
    'a Map',
    `open.task('x', () => ({ prices: new Map([['a', 1]]) }))`,
    /"prices\\?" is a Map, which is not a JSON value: use Object\.fromEntries\(\)/,
  ),
  wrong(
    'a Set',
    `open.task('x', () => ({ skus: new Set(['a']) }))`,
    /"skus\\?" is a Set, which is not a JSON value: use an array/,
  ),
  wrong(
    'a promise',
    `open.task('x', () => ({ rows: Promise.resolve([1]) }))`,
    /"rows\\?" is a promise, which is not a JSON value: await it/,
  ),
  wrong(
    'an instance of a class',
    `open.task('x', () => ({ at: new URL('http://shop.test') }))`,
    /"at\\?" is an object with functions, which is not a JSON value: return only its data/,
  ),
  wrong(
    'a number',
    `open.task('x', async () => 5)`,
    /A task must return an object with the values that it adds to the context, or nothing/,
  ),
  wrong(
    'an array',
    `open.task('x', (ctx) => [ctx.a])`,
    /A task must return an object with the values that it adds to the context, or nothing/,
  ),
  wrong(
    'null',
    `open.task('x', async () => null)`,
    /A task must return an object with the values that it adds to the context, or nothing/,
  ),
  // the context of a task
  wrong(
    'a key that nothing adds',
    `orders.task('x', { after: 'fetch' }, ({ lins }) => ({ count: lins.length }))`,
    /'lins'.* does not exist/,
  ),
  wrong(
    'a key that comes later',
    `orders.task('x', { after: 'fetch' }, (ctx) => ({ double: ctx.score * 2 }))`,
    /'score' does not exist/,
  ),
  wrong(
    'a key of another branch',
    `orders.task('x', (ctx) => ({ count: ctx.lines.length }))`,
    /'lines' does not exist/,
  ),
  wrong(
    'another type than it has',
    `orders.task('x', { after: 'fetch' }, (ctx) => ({ word: ctx.order_id.toUpperCase() }))`,
    /'toUpperCase' does not exist on type 'number'/,
  ),
  wrong(
    'a change of the context',
    `orders.task('x', (ctx) => { ctx.order_id = 8 })`,
    /Cannot assign to 'order_id' because it is a read-only property/,
  ),
  wrong(
    'a change deep in the context',
    `orders.task('x', { after: 'fetch' }, (ctx) => { ctx.lines.push('one more') })`,
    /'push' does not exist on type 'readonly string\[\]'/,
  ),
  // the edges
  wrong(
    'an unknown task before it',
    `orders.task('x', { after: 'fecth' }, () => {})`,
    /"fecth".* Did you mean '"fetch"'/,
  ),
  wrong(
    'an unknown task among several',
    `orders.task('x', { after: ['fetch', 'scor'] }, () => {})`,
    /"scor".* Did you mean '"score"'/,
  ),
  wrong(
    'a task value that is not there',
    `orders.task('x', { after: orders.tasks.fecth }, () => {})`,
    /'fecth' does not exist.*Did you mean 'fetch'|Property 'fecth' does not exist/,
  ),
  wrong(
    'a task of another workflow',
    `orders.task('x', { after: other.tasks.elsewhere }, () => {})`,
    /TaskValue<"elsewhere">.* is not assignable/,
  ),
  wrong('an id twice', `orders.task('ship', () => {})`, /The workflow already has a task with this id: use another id/),
  wrong(
    'a rule about an unknown task',
    `orders.task('x', { after: 'fetch', when: succeeded('fecth') }, () => {})`,
    /"fecth".* is not assignable to type/,
  ),
  wrong(
    'a rule within rules about an unknown task',
    `orders.task('x', { when: all(succeeded('fetch'), any(failed('shp'))) }, () => {})`,
    /"shp".* is not assignable to type/,
  ),
  wrong(
    'a text as a rule',
    `orders.task('x', { after: 'fetch', when: 'succeeded' }, () => {})`,
    /'string' is not assignable to type 'Rule</,
  ),
  wrong('an unknown comparison', `value('rows', '>=', 3)`, /">=".* is not assignable/),
  wrong(
    'a comparison with no operand',
    `value('rows', '>')`,
    /Argument of type '">"' is not assignable|Expected 3 arguments, but got 2/,
  ),
  // the options of a task
  wrong('an unknown option', `orders.task('x', { retry: 3 }, () => {})`, /'retry' does not exist in type 'TaskOptions/),
  wrong(
    'a duration with a word',
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
    'a task with a function and Python',
    `orders.task('x', { python: { script: 'a.py', task: 'x' } }, () => {})`,
    /'python' does not exist in type 'TaskOptions/,
  ),
  wrong(
    'a callback of a Python task',
    `orders.task('x', { python: { script: 'a.py', task: 'x' }, onSuccess: () => {} })`,
    /'onSuccess' does not exist in type '.*PythonTaskOptions/,
  ),
  wrong('a Python task without a script', `orders.task('x', { python: { task: 'x' } })`, /'script' is missing in type/),
  // what a trigger fires
  wrong(
    'another type than the input has',
    `trigger('t', { every: '2s', starts: orders }, () => fire({ order_id: '7' }))`,
    /"order_id\\?" of the fired context does not have the type that the input of the workflow requires/,
  ),
  wrong(
    'a missing key of the input',
    `trigger('t', { every: '2s', starts: orders }, async () => ({ order: 7 }))`,
    /"order_id\\?" is missing in the fired context: the input of the workflow requires it/,
  ),
  wrong(
    'nothing where the input needs something',
    `trigger('t', { every: '2s', starts: orders }, () => fire())`,
    /"order_id\\?" is missing in the fired context/,
  ),
  wrong(
    'true where the input needs something',
    `trigger('t', { every: '2s', starts: orders }, () => Math.random() > 0.5)`,
    /"order_id\\?" is missing in the fired context/,
  ),
  wrong(
    'a Date that is fired',
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
    /A trigger must fire an object, but this function may fire an array/,
  ),
  wrong(
    'a reason that is no text',
    `skip(new Error('why'))`,
    /'Error' is not assignable to parameter of type 'string'/,
  ),
  // the options of a trigger
  wrong(
    'an interval in words',
    `trigger('t', { every: 'minute', starts: open }, () => skip())`,
    /"minute".* is not assignable/,
  ),
  wrong('a trigger that starts nothing', `trigger('t', { every: '2s' }, () => skip())`, /'starts' is missing in type/),
  wrong(
    'a schedule with an interval',
    `trigger('t', { cron: '0 3 * * *', every: '2s', starts: open })`,
    /'every' does not exist in type 'CronOptions/,
  ),
  wrong(
    'a schedule with a function',
    `trigger('t', { cron: '0 3 * * *', starts: open }, () => skip())`,
    /'cron' does not exist in type 'PollOptions/,
  ),
  wrong(
    'an unknown catch-up',
    `trigger('t', { cron: '0 3 * * *', catchup: 'some', starts: open })`,
    /"some".* is not assignable/,
  ),
  wrong(
    'a schedule of a workflow that needs something',
    `trigger('t', { cron: '0 3 * * *', starts: orders })`,
    /A cron trigger passes no input, but this workflow requires input: use a polled trigger/,
  ),
  // the input and the runner
  wrong(
    'an input that is no schema',
    `workflow('x', { input: { order_id: 'number' } })`,
    /'string' is not assignable|does not exist in type|'"~standard"' is missing/,
  ),
  wrong(
    'an input that becomes a Date',
    `workflow('x', { input: dated })`,
    /"at\\?" is a Date, which is not a JSON value/,
  ),
  wrong(
    'an unknown option of a workflow',
    `workflow('x', { descriptoin: 'ships' })`,
    /'descriptoin' does not exist in type 'WorkflowOptions/,
  ),
  wrong(
    'a context of another type',
    `runner.execute(orders, { order_id: '7' })`,
    /'string' is not assignable to type 'number'/,
  ),
  wrong('no context where one is needed', `runner.execute(orders)`, /Expected 2-3 arguments, but got 1/),
  wrong(
    'a result of another type',
    `const n: string = (await runner.execute(open)).context.count; void n`,
    /is not assignable to type 'string'/,
  ),
  wrong(
    'a result that is not looked at',
    `const { context } = await runner.execute(orders, { order_id: 7 }); void context.shipped.valueOf()`,
    /is possibly 'null'|does not exist on type|possibly/,
  ),
  wrong(
    'what was registered that is neither',
    `await runner.register(orders, 'inbox')`,
    /'string' is not assignable to parameter of type 'AnyWorkflow \| Trigger/,
  ),
]
