/** Mistakes of JavaScript callers: each is rejected in its call, with the name of its owner and a remedy. */

import { describe, expect, it } from 'vitest'
import * as cloaca from '../../src/index.ts'

// Untyped, as for a caller in JavaScript.
// biome-ignore lint/suspicious/noExplicitAny: the tests pass arguments of wrong types
const api = cloaca as any
const { workflow, trigger, succeeded, skip, value, all } = api

const nothing = () => undefined
const base = () => workflow('orders').task('fetch', nothing)
const task = (options: unknown) => base().task('ship', options, nothing)
const poll = (options: object) => trigger('inbox', { starts: 'orders', ...options }, nothing)

function errorOf(call: () => unknown): cloaca.UsageError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(cloaca.UsageError)
    return error as cloaca.UsageError
  }
  throw new Error('nothing was thrown')
}

const ofTask = { workflow: 'orders', task: 'ship' }
const ofTrigger = { trigger: 'inbox' }

describe('a call of workflow', () => {
  it.each([
    ['no name', () => workflow(), { path: 'name' }],
    ['an empty name', () => workflow(''), { path: 'name' }],
    ['a name that is a number', () => workflow(7), { path: 'name' }],
    ['a name with U+0000', () => workflow('or\0ders'), { path: 'name' }],
    ['a name with half of a surrogate pair', () => workflow('orders\ud800'), { path: 'name' }],
    ['a tenant with U+0000', () => workflow('orders', { tenant: '\0' }), { workflow: 'orders', path: 'tenant' }],
    ['a package with U+0000', () => workflow('orders', { package: '\0' }), { workflow: 'orders', path: 'package' }],
    ['options that are a string', () => workflow('orders', 'input'), { workflow: 'orders', path: 'options' }],
    ['an unknown option', () => workflow('orders', { descripton: '' }), { workflow: 'orders', path: 'descripton' }],
    ['an input that is not a schema', () => workflow('orders', { input: { id: 'number' } }), { path: 'input' }],
    ['a title that is a number', () => workflow('orders', { title: 7 }), { path: 'title' }],
    ['tags that are a list', () => workflow('orders', { tags: ['a'] }), { path: 'tags' }],
    ['a tag that is a number', () => workflow('orders', { tags: { a: 1 } }), { path: 'tags.a' }],
    ['a deadline of 0 s', () => workflow('orders', { deadline: '0s' }), { path: 'deadline' }],
    ['a time of day without a colon', () => workflow('orders', { doneBy: '0700' }), { path: 'doneBy' }],
    ['a time of day after 23:59', () => workflow('orders', { doneBy: '24:00' }), { path: 'doneBy' }],
    [
      'an unknown time zone',
      () => workflow('orders', { doneBy: '07:00', timezone: 'Europe/Bielefeld' }),
      { path: 'timezone' },
    ],
    [
      'an offset as a time zone',
      () => workflow('orders', { doneBy: '07:00', timezone: '+01:00' }),
      { path: 'timezone' },
    ],
    ['a time zone without a time of day', () => workflow('orders', { timezone: 'UTC' }), { path: 'timezone' }],
  ] as const)('refuses %s', (_what, call, facts) => {
    expect(errorOf(call)).toMatchObject({ code: 'INVALID_ARGUMENT', facts })
  })

  it('names the characters that a name must not contain', () => {
    const expected = 'a string without U+0000 and without half of a surrogate pair'
    const message = `"name" of a workflow must be ${expected}, but "or\\u0000ders" (string) was given.`
    expect(errorOf(() => workflow('or\0ders')).message).toBe(message)
  })

  it('suggests the nearest option, or lists all options', () => {
    expect(errorOf(() => workflow('orders', { descripton: '' })).message).toBe(
      'Unknown option "descripton" of workflow "orders". Did you mean "description"?',
    )
    expect(errorOf(() => workflow('orders', { zzz: '' })).message).toBe(
      'Unknown option "zzz" of workflow "orders". Valid options: input, title, description, tags, deadline, doneBy, ' +
        'timezone, tenant, package, maxActive, per, overflow, priority.',
    )
  })
})

describe('a call of task', () => {
  it.each([
    ['no id', () => base().task(), { workflow: 'orders', path: 'id' }],
    ['an id that is a function', () => base().task(nothing), { workflow: 'orders', path: 'id' }],
    ['an id with U+0000', () => base().task('sh\0ip', nothing), { workflow: 'orders', path: 'id' }],
    ['an existing id', () => base().task('fetch', nothing), { workflow: 'orders', task: 'fetch', path: 'id' }],
    ['no function', () => base().task('ship'), { ...ofTask, path: 'run' }],
    ['options without a function', () => base().task('ship', { after: 'fetch' }), { ...ofTask, path: 'run' }],
    ['a function in front of the options', () => base().task('ship', nothing, {}), { ...ofTask, path: 'options' }],
    ['an unknown option', () => task({ retry: 3 }), { ...ofTask, path: 'retry' }],
    ['a dependency on an unknown task', () => task({ after: 'fecth' }), { ...ofTask, path: 'after' }],
    ['a dependency on itself', () => task({ after: 'ship' }), { ...ofTask, path: 'after' }],
    ['a function as a dependency', () => task({ after: nothing }), { ...ofTask, path: 'after' }],
    ['null as a dependency', () => task({ after: null }), { ...ofTask, path: 'after' }],
    [
      'a dependency on a task of another workflow',
      () => task({ after: workflow('other').task('fetch', nothing).tasks.fetch }),
      { ...ofTask, path: 'after' },
    ],
    ['a rule that is a string', () => task({ when: 'succeeded' }), { ...ofTask, path: 'when' }],
    ['a rule in the format of Python', () => task({ when: { type: 'Always' } }), { ...ofTask, path: 'when' }],
    ['retries that are a fraction', () => task({ retries: 1.5 }), { ...ofTask, path: 'retries' }],
    ['retries below 0', () => task({ retries: -1 }), { ...ofTask, path: 'retries' }],
    ['an unknown backoff', () => task({ backoff: 'quadratic' }), { ...ofTask, path: 'backoff' }],
    [
      'a backoff with an unknown key',
      () => task({ backoff: { kind: 'linear', base: 2 } }),
      { ...ofTask, path: 'backoff.base' },
    ],
    [
      'a backoff with a multiplier that is not a number',
      () => task({ backoff: { kind: 'linear', multiplier: Number.NaN } }),
      { ...ofTask, path: 'backoff.multiplier' },
    ],
    ['a delay that is a number', () => task({ retryDelay: 250 }), { ...ofTask, path: 'retryDelay' }],
    ['a delay in words', () => task({ maxDelay: '1 minute' }), { ...ofTask, path: 'maxDelay' }],
    ['a jitter that is a string', () => task({ jitter: 'yes' }), { ...ofTask, path: 'jitter' }],
    ['an unknown condition', () => task({ retryOn: 'timeout' }), { ...ofTask, path: 'retryOn' }],
    ['patterns that are not strings', () => task({ retryOn: [/429/] }), { ...ofTask, path: 'retryOn' }],
    ['a timeout of 0 s', () => task({ timeout: '0s' }), { ...ofTask, path: 'timeout' }],
    ['a callback that is not a function', () => task({ onSuccess: 'log' }), { ...ofTask, path: 'onSuccess' }],
    ['Python and a function', () => task({ python: { script: 'a.py', task: 'a' } }), { ...ofTask, path: 'python' }],
    ['Python that is a string', () => base().task('ship', { python: 'score.py' }), { ...ofTask, path: 'python' }],
    [
      'Python without a script',
      () => base().task('ship', { python: { task: 'a' } }),
      { ...ofTask, path: 'python.script' },
    ],
    [
      'Python with an unknown key',
      () => base().task('ship', { python: { script: 'a.py', task: 'a', function: 'a' } }),
      { ...ofTask, path: 'python.function' },
    ],
    [
      'Python with a callback',
      () => base().task('ship', { python: { script: 'a.py', task: 'a' }, onFailure: nothing }),
      { ...ofTask, path: 'onFailure' },
    ],
    [
      'an `adds` that is not a schema',
      () => base().task('ship', { python: { script: 'a.py', task: 'a', adds: { score: 1 } } }),
      { ...ofTask, path: 'python.adds' },
    ],
  ] as const)('refuses %s', (_what, call, facts) => {
    const error = errorOf(call)

    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', facts })
    expect(error.message).toMatch(/[wW]orkflow "orders"/)
    expect(error.message).toMatch(/^["A-Z].*[.?]$/)
  })

  it.each([
    [
      () => task({ after: 'fecth' }),
      '"after" of task "ship" of workflow "orders" names "fecth", but no task with this id has been added yet. ' +
        'Did you mean "fetch"?',
    ],
    [
      () => task({ timeout: '20 seconds' }),
      '"timeout" of task "ship" of workflow "orders" must be a duration such as "30s", "5m" or "12h", at least 1ms ' +
        `(unknown unit 'seconds', expected s, m, h, d, or ms), but "20 seconds" (string) was given.`,
    ],
    [
      () => base().task('ship', { python: { script: 'a.py', task: 'a' }, onSuccess: nothing }),
      'Task "ship" of workflow "orders" must not set "onSuccess", because the task is written in Python. ' +
        'Declare its callbacks in the Python file.',
    ],
  ] as const)('explains the mistake and its remedy (%#)', (call, message) => {
    expect(errorOf(call).message).toBe(message)
  })
})

describe('a call of trigger', () => {
  it.each([
    ['no name', () => trigger(undefined, {}, nothing), { path: 'name' }],
    ['a name with U+0000', () => trigger('in\0box', { starts: 'orders' }, nothing), { path: 'name' }],
    ['a workflow with U+0000', () => poll({ starts: 'or\0ders' }), { ...ofTrigger, path: 'starts' }],
    ['no options', () => trigger('inbox', undefined, nothing), { ...ofTrigger, path: 'starts' }],
    ['no workflow', () => trigger('inbox', { every: '2s' }, nothing), { ...ofTrigger, path: 'starts' }],
    ['a function in the place of a workflow', () => poll({ starts: nothing }), { ...ofTrigger, path: 'starts' }],
    ['no function', () => trigger('inbox', { starts: 'orders' }), { ...ofTrigger, path: 'poll' }],
    ['an unknown option', () => poll({ interval: '2s' }), { ...ofTrigger, path: 'interval' }],
    ['an interval that is a number', () => poll({ every: 2000 }), { ...ofTrigger, path: 'every' }],
    ['a timeout of 0 ms', () => poll({ timeout: '0ms' }), { ...ofTrigger, path: 'timeout' }],
    ['a limit of 0 active executions', () => poll({ maxActive: 0 }), { ...ofTrigger, path: 'maxActive' }],
    ['a pause after 0 failures', () => poll({ pauseAfter: 0 }), { ...ofTrigger, path: 'pauseAfter' }],
    ['an expected firing without a unit', () => poll({ expectFire: '26' }), { ...ofTrigger, path: 'expectFire' }],
    ['a tag that is a number', () => poll({ tags: { team: 1 } }), { ...ofTrigger, path: 'tags.team' }],
    ['a flag that is a string', () => poll({ onChange: 'yes' }), { ...ofTrigger, path: 'onChange' }],
    ['a catch-up without a schedule', () => poll({ catchup: 'all' }), { ...ofTrigger, path: 'catchup' }],
    ['a time zone without a schedule', () => poll({ timezone: 'UTC' }), { ...ofTrigger, path: 'timezone' }],
    ['a schedule with a function', () => poll({ cron: '* * * * *' }), { ...ofTrigger, path: 'cron' }],
    [
      'a schedule with an interval',
      () => trigger('inbox', { starts: 'orders', cron: '* * * * *', every: '2s' }),
      { ...ofTrigger, path: 'every' },
    ],
    [
      'a schedule with an unknown catch-up',
      () => trigger('inbox', { starts: 'orders', cron: '* * * * *', catchup: 'some' }),
      { ...ofTrigger, path: 'catchup' },
    ],
    [
      'a schedule that is a number',
      () => trigger('inbox', { starts: 'orders', cron: 5 }),
      { ...ofTrigger, path: 'cron' },
    ],
  ] as const)('refuses %s', (_what, call, facts) => {
    expect(errorOf(call)).toMatchObject({ code: 'INVALID_ARGUMENT', facts })
  })
})

describe('rules and results', () => {
  it.each([
    ['a task that is not a string', () => succeeded(7), 'task'],
    ['a rule that is a string', () => all('fetch'), 'rules[0]'],
    ['a key that is not a string', () => value(7, '==', 1), 'key'],
    ['an unknown comparison', () => value('rows', '>=', 1), 'comparison'],
    ['the name of a property of every object', () => value('rows', 'constructor', 1), 'comparison'],
    ['a reason that is an error', () => skip(new Error('why')), 'reason'],
  ] as const)('refuse %s', (_what, call, path) => {
    expect(errorOf(call)).toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path } })
  })

  it('refuse an operand that is not JSON, with its path', () => {
    expect(errorOf(() => value('rows', '==', { at: new Date() }))).toMatchObject({
      code: 'INVALID_CONTEXT',
      facts: { path: 'operand.at' },
    })
  })

  it('refuse rules with more than 100 levels of nesting', () => {
    let rule = succeeded('fetch')
    expect(() => {
      for (let depth = 0; depth < 200; depth++) rule = all(rule)
    }).toThrow('nested more than 100 levels deep')
  })
})
