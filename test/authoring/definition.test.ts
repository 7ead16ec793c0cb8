/** Definitions of workflows and triggers declared in TypeScript, which equal the definitions declared in Python. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isTrigger, isWorkflow, moduleDeclarations } from '../../src/authoring/definition.ts'
import { limit } from '../../src/authoring/limit-function.ts'
import { all, always, any, failed, none, skipped, succeeded, value } from '../../src/authoring/rule-builders.ts'
import { trigger } from '../../src/authoring/trigger-function.ts'
import type { AnyWorkflow } from '../../src/authoring/types/workflow-types.ts'
import { workflow } from '../../src/authoring/workflow-function.ts'
import type { UsageError } from '../../src/errors.ts'
import type { Overflow } from '../../src/model/workflow.ts'

const SCRIPT = 'jobs/orders.ts'
const nothing = () => undefined

function table(name: string): { readonly cases: readonly never[] } {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))
}

const definitionOf = (flow: AnyWorkflow) => moduleDeclarations([flow], SCRIPT).declarations.workflows[0]
const taskOf = (flow: AnyWorkflow) => definitionOf(flow)?.tasks.at(-1)
const triggerOf = (made: unknown) => moduleDeclarations([made], SCRIPT).declarations.triggers[0]

function thrownBy(call: () => unknown): UsageError {
  try {
    call()
  } catch (error) {
    return error as UsageError
  }
  throw new Error('nothing was thrown')
}

describe('a workflow', () => {
  it('has its name, title, description, tags, and tasks in the order of their dependencies', () => {
    const flow = workflow('etl', { title: 'Nightly', description: 'reads', tags: { team: 'a' } })
      .task('read', () => ({ rows: 1 }))
      .task('write', { after: 'read' }, nothing)

    expect(definitionOf(flow)).toMatchObject({
      key: 'etl',
      title: 'Nightly',
      description: 'reads',
      tags: { team: 'a' },
      tenant: 'public',
      package: 'embedded',
      script: SCRIPT,
      tasks: [
        { id: 'read', fullName: 'public::embedded::etl::read', dependencies: [] },
        { id: 'write', fullName: 'public::embedded::etl::write', dependencies: ['read'] },
      ],
    })
  })

  it('may have deadlines, and a time of day by which it is done, by default in UTC', () => {
    const flow = workflow('etl', { deadline: '30m', doneBy: '07:00' }).task('read', { deadline: '90s' }, nothing)
    const zoned = workflow('etl', { doneBy: '07:00', timezone: 'Europe/Berlin' }).task('read', nothing)

    expect(definitionOf(flow)).toMatchObject({ deadlineMs: 1_800_000, doneBy: { time: '07:00', timezone: 'UTC' } })
    expect(taskOf(flow)?.deadlineMs).toBe(90_000)
    expect(definitionOf(zoned)?.doneBy).toEqual({ time: '07:00', timezone: 'Europe/Berlin' })
    expect(definitionOf(zoned)).not.toHaveProperty('deadlineMs')
    expect(taskOf(zoned)).not.toHaveProperty('deadlineMs')
  })

  it('is immutable: each call of task returns a new workflow, and two workflows may extend the same one', () => {
    const base = workflow('etl').task('read', nothing)
    const left = base.task('left', { after: 'read' }, nothing)
    const right = base.task('right', { after: base.tasks.read }, nothing)

    const further = left.task('right', { after: 'left' }, nothing)

    const idsOf = (flow: AnyWorkflow) => definitionOf(flow)?.tasks.map(({ id }) => id)
    expect([base, left, right, further].map(idsOf)).toEqual([
      ['read'],
      ['read', 'left'],
      ['read', 'right'],
      ['read', 'left', 'right'],
    ])
    expect(Object.keys(right.tasks)).toEqual(['read', 'right'])
    expect(Object.isFrozen(left)).toBe(true)
  })

  it('may have a task with the name of a property of every object', () => {
    const flow = workflow('odd').task('constructor', nothing).task('__proto__', { after: 'constructor' }, nothing)

    expect(definitionOf(flow)?.tasks.map(({ id }) => id)).toEqual(['constructor', '__proto__'])
    expect(Object.keys(flow.tasks)).toEqual(['constructor', '__proto__'])
  })

  it.each(
    table('workflow-versions.json').cases as readonly {
      title: string
      name: string
      title_text?: string
      tenant?: string
      package?: string
      description: string
      tags: Record<string, string>
      tasks: [string, string[]][]
      limits?: Record<string, string[]>
      limit?: { max_active: number; per?: string; overflow?: Overflow }
      version: string
    }[],
  )('has the same version as in Python: $title', (given) => {
    const { name, title_text: title, tenant, package: packageName, description, tags, tasks, version } = given
    const { max_active: maxActive, per, overflow } = given.limit ?? {}
    const options = { title, tenant, package: packageName, description, tags, maxActive, per, overflow }
    const limitsOf = (id: string) => (given.limits?.[id] ?? []).map((each) => limit(each, { maxActive: 1 }))
    // The compiler does not know the names in the table.
    const empty = workflow(name, options) as unknown as Untyped
    const flow = tasks.reduce((before, [id, after]) => before.task(id, { after, limits: limitsOf(id) }, nothing), empty)

    expect(definitionOf(flow)?.version).toBe(version)
  })
})

interface Untyped extends AnyWorkflow {
  task(id: string, options: object, run: () => unknown): Untyped
}

describe('the options of a task', () => {
  it('default to three attempts for every error, with exponential backoff from 1 s to 60 s and jitter', () => {
    expect(taskOf(workflow('w').task('t', nothing))).toMatchObject({
      timeoutMs: null,
      rule: { type: 'Always' },
      retry: {
        maxAttempts: 3,
        backoff: { kind: 'exponential', base: 2, multiplier: 1 },
        initialDelayMs: 1000,
        maxDelayMs: 60_000,
        jitter: true,
        condition: { kind: 'all' },
      },
    })
  })

  it('set the number of retries, their delays and the errors to retry', () => {
    const flow = workflow('w').task(
      't',
      {
        retries: 4,
        backoff: { kind: 'linear', multiplier: 1.5 },
        retryDelay: '250ms',
        maxDelay: '10s',
        jitter: false,
        retryOn: ['429', 'slow down'],
        timeout: '2m',
      },
      nothing,
    )

    expect(taskOf(flow)).toMatchObject({
      timeoutMs: 120_000,
      retry: {
        maxAttempts: 5,
        backoff: { kind: 'linear', multiplier: 1.5 },
        initialDelayMs: 250,
        maxDelayMs: 10_000,
        jitter: false,
        condition: { kind: 'pattern', patterns: ['429', 'slow down'] },
      },
    })
  })

  it.each([
    [{ retries: 0 }, { maxAttempts: 1 }],
    [{ backoff: 'fixed' }, { backoff: { kind: 'fixed' } }],
    [{ backoff: 'linear' }, { backoff: { kind: 'linear', multiplier: 1 } }],
    [{ backoff: 'exponential' }, { backoff: { kind: 'exponential', base: 2, multiplier: 1 } }],
    [{ backoff: { kind: 'exponential', base: 3 } }, { backoff: { kind: 'exponential', base: 3, multiplier: 1 } }],
    [{ retryOn: 'never' }, { condition: { kind: 'never' } }],
    [{ retryOn: 'transient' }, { condition: { kind: 'transient' } }],
  ] as const)('accept %o', (options, retry) => {
    expect(taskOf(workflow('w').task('t', options, nothing))?.retry).toMatchObject(retry)
  })

  it('accept dependencies as ids and as values, and keep each once in the given order', () => {
    const base = workflow('w').task('a', nothing).task('b', nothing)

    expect(taskOf(base.task('c', { after: ['b', base.tasks.a, 'b'] }, nothing))?.dependencies).toEqual(['b', 'a'])
  })

  it.each(
    (table('python-rules.json').cases as readonly { title: string; typescript?: string; wire: unknown }[]).filter(
      (each) => each.typescript !== undefined,
    ),
  )('accept the rules of Python: $title', ({ typescript, wire }) => {
    const names = { all, always, any, failed, none, skipped, succeeded, value }
    const when = new Function(...Object.keys(names), `return ${typescript}`)(...Object.values(names))

    expect(taskOf(workflow('w').task('t', { when }, nothing))?.rule).toEqual(wire)
  })

  it('name the Python task that runs instead, with its script as written', () => {
    const flow = workflow('w')
      .task('a', { python: { script: 'score.py', task: 'score' } })
      .task('b', { after: 'a', retries: 0, python: { script: './deep/x.py', task: 'x', workflow: 'deep' } })

    expect(definitionOf(flow)?.tasks).toMatchObject([
      { id: 'a', runs: { script: 'score.py', workflow: null, taskId: 'score' } },
      { id: 'b', runs: { script: './deep/x.py', workflow: 'deep', taskId: 'x' }, retry: { maxAttempts: 1 } },
    ])
    expect(moduleDeclarations([flow], SCRIPT).functions.tasks.get('w')?.size).toBe(0)
  })
})

describe('a trigger', () => {
  const flow = workflow('etl').task('read', nothing)

  it('is polled every 30 s by default', () => {
    expect(triggerOf(trigger('inbox', { starts: 'etl' }, () => true))).toMatchObject({
      name: 'inbox',
      workflow: 'etl',
      timing: { kind: 'poll', intervalMs: 30_000 },
      allowConcurrent: false,
      policy: {
        timeoutMs: null,
        jitterMs: null,
        maxActive: null,
        pauseAfter: null,
        onChange: false,
        expectFireMs: null,
      },
      description: '',
      script: SCRIPT,
    })
  })

  it('has the same policies as in Python', () => {
    const options = {
      every: '2s',
      starts: flow,
      timeout: '5s',
      jitter: '100ms',
      maxActive: 2,
      pauseAfter: 3,
      onChange: true,
      allowConcurrent: true,
      description: 'looks',
    } as const

    expect(triggerOf(trigger('inbox', options, () => true))).toMatchObject({
      timing: { kind: 'poll', intervalMs: 2000 },
      allowConcurrent: true,
      policy: { timeoutMs: 5000, jitterMs: 100, maxActive: 2, pauseAfter: 3, onChange: true },
      description: 'looks',
    })
  })

  it('may be a schedule, by default in UTC and with one run for all missed times', () => {
    expect(triggerOf(trigger('nightly', { cron: '0 3 * * *', starts: flow }))?.timing).toEqual({
      kind: 'cron',
      expression: '0 3 * * *',
      timezone: 'UTC',
      catchup: 'skip',
    })
    const zoned = { cron: '0 3 * * *', timezone: 'Europe/Paris', catchup: 'none', starts: flow } as const
    expect(triggerOf(trigger('nightly', zoned))?.timing).toMatchObject({ timezone: 'Europe/Paris', catchup: 'none' })
  })

  it('may have an expected firing and tags, polled or not', () => {
    const options = { starts: flow, expectFire: '26h', tags: { team: 'data' } } as const

    for (const made of [trigger('inbox', options, () => true), trigger('daily', { ...options, cron: '@daily' })]) {
      expect(triggerOf(made)).toMatchObject({ policy: { expectFireMs: 93_600_000 }, tags: { team: 'data' } })
    }
    expect(triggerOf(trigger('inbox', { starts: flow }, () => true))).not.toHaveProperty('tags')
  })

  it('also declares the workflow that it starts', () => {
    const { declarations } = moduleDeclarations([trigger('inbox', { starts: flow }, () => true)], SCRIPT)

    expect(declarations.workflows.map(({ key }) => key)).toEqual(['etl'])
  })
})

describe('the declarations of a file', () => {
  const base = workflow('etl').task('read', nothing)
  const longer = base.task('write', { after: 'read' }, nothing)

  it('contain the longest of several values of a workflow, in any order', () => {
    for (const values of [
      [base, longer],
      [longer, base, longer],
      [trigger('inbox', { starts: base }, () => true), longer],
    ]) {
      const { declarations } = moduleDeclarations(values, SCRIPT)

      expect(declarations.workflows.map(({ tasks }) => tasks.length)).toEqual([2])
    }
  })

  it('reject two workflows with the same name, and show the lines of both', () => {
    const error = thrownBy(() => moduleDeclarations([base, workflow('etl').task('other', nothing)], SCRIPT))

    expect(error).toMatchObject({ code: 'DECLARED_TWICE', facts: { workflow: 'etl' } })
    expect(error.message).toMatch(/definition\.test\.ts:\d+\), the other .*definition\.test\.ts:\d+\)/)
  })

  it('reject two values that extend the same workflow differently', () => {
    const left = base.task('left', nothing)
    const right = base.task('right', nothing)

    expect(thrownBy(() => moduleDeclarations([left, right], SCRIPT)).code).toBe('DECLARED_TWICE')
  })

  it('reject two triggers with the same name', () => {
    const make = () => trigger('inbox', { starts: 'etl' }, () => true)

    expect(thrownBy(() => moduleDeclarations([make(), make()], SCRIPT))).toMatchObject({
      code: 'DECLARED_TWICE',
      facts: { trigger: 'inbox' },
    })
  })

  it('reject a workflow without tasks, and explain that `task` returns a new workflow', () => {
    const flow = workflow('etl')
    flow.task('read', nothing)

    const error = thrownBy(() => moduleDeclarations([flow], SCRIPT))
    expect(error).toMatchObject({ code: 'EMPTY_WORKFLOW', facts: { workflow: 'etl' } })
    expect(error.message).toContain('Chain the calls')
  })

  it.each([['inbox'], [null], [undefined], [7], [{}], [nothing]])('reject the value %s', (value) => {
    expect(thrownBy(() => moduleDeclarations([value], SCRIPT))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('accept a workflow of another copy of the package', async () => {
    const copy = '../../src/authoring/workflow-function.ts?copy'
    const other: typeof import('../../src/authoring/workflow-function.ts') = await import(/* @vite-ignore */ copy)
    const flow = other.workflow('theirs').task('read', nothing)

    expect(other.workflow).not.toBe(workflow)
    expect(isWorkflow(flow)).toBe(true)
    expect(isTrigger(flow)).toBe(false)
    expect(definitionOf(flow)?.key).toBe('theirs')
  })
})
