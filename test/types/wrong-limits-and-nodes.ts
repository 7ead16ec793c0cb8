/** Programs with limits, priorities and nodes that wait, which must not compile. Used by `wrong-programs.ts`. */

import { type WrongProgram, wrong } from './wrong-program.ts'

export const WRONG_LIMITS_AND_NODES: readonly WrongProgram[] = [
  // Limits and priorities.
  wrong('a limit without options', `limit('crm')`, /Expected 2 arguments, but got 1/),
  wrong('a rate without a window', `limit('crm', { rate: '100' })`, /'"100"' is not assignable to type/),
  wrong('a rate as a number', `limit('crm', { rate: 100 })`, /'(number|100)' is not assignable to type/),
  wrong(
    'an unknown option of a limit',
    `limit('crm', { max_active: 3 })`,
    /'max_active' does not exist in type|maxActive/,
  ),
  wrong('a name as a limit of a task', `open.task('x', { limits: ['crm'] }, () => {})`, /No overload matches|'string'/),
  wrong(
    'a limit that is not in a list',
    `open.task('x', { limits: crm }, () => {})`,
    /No overload matches|readonly Limit/,
  ),
  wrong(
    'an unknown overflow',
    `workflow('x', { maxActive: 1, overflow: 'wait' })`,
    /'"wait"' is not assignable to type/,
  ),
  wrong(
    'a priority that is text',
    `trigger('t', { starts: open, priority: 'high' }, () => true)`,
    /'string'|No overload/,
  ),
  wrong('a limit of a node', `open.delay('x', { for: '1h', limits: [crm] })`, /'limits' does not exist in type/),

  // Nodes that wait.
  wrong('a wait without a signal', `open.waitForSignal('w', { after: 'only' })`, /'signal' is missing in type/),
  wrong('an approval without a title', `open.approval('w', { after: 'only' })`, /'title' is missing in type/),
  wrong(
    'an unknown effect of a timeout',
    `open.approval('w', { title: 't', timeout: '1h', onTimeout: 'retry' })`,
    /'"retry"' is not assignable to type 'OnTimeout \| undefined'/,
  ),
  wrong(
    'the answer to an approval without a check for a timeout that continues',
    `const w = open.approval('w', { title: 't', timeout: '1h', onTimeout: 'continue' })
     w.task('x', { after: 'w' }, ({ w }) => ({ by: w.by }))`,
    /'w' is possibly 'null'/,
  ),
  wrong(
    'a payload that is not of the type of its schema',
    `const w = open.waitForSignal('w', { signal: 's', payload: dated })
     w.task('x', { after: 'w' }, ({ w }) => ({ at: w.at.getTime() }))`,
    /Property 'getTime' does not exist on type 'string'/,
  ),
]
