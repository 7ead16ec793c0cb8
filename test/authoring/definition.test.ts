/** Workflows and triggers that TypeScript declares, as the engine's definitions: the same as those that Python declares. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { declarationsOf, isTrigger, isWorkflow } from '../../src/authoring/definition.ts'
import { all, always, any, failed, none, skipped, succeeded, value } from '../../src/authoring/rules.ts'
import { trigger } from '../../src/authoring/trigger.ts'
import type { AnyWorkflow } from '../../src/authoring/types/workflow.ts'
import { workflow } from '../../src/authoring/workflow.ts'
import type { UsageError } from '../../src/errors.ts'

const SCRIPT = 'jobs/orders.ts'
const nothing = () => undefined

function table(name: string): { readonly cases: readonly never[] } {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))
}

const definitionOf = (flow: AnyWorkflow) => declarationsOf([flow], SCRIPT).declarations.workflows[0]
const taskOf = (flow: AnyWorkflow) => definitionOf(flow)?.tasks.at(-1)
const triggerOf = (made: unknown) => declarationsOf([made], SCRIPT).declarations.triggers[0]

function thrownBy(call: () => unknown): UsageError {
  try {
    call()
  } catch (error) {
    return error as UsageError
  }
  throw new Error('nothing was thrown')
}

describe('a workflow', () => {
  it('has its name, words and tasks, those that come first in front', () => {
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

  it('never changes: each task makes a new one, and two may go on from the same', () => {
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

  it('may have a task with the name of what every object has', () => {
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
      version: string
    }[],
  )('has the version that Python gives it: $title', (given) => {
    const { name, title_text: title, tenant, package: packageName, description, tags, tasks, version } = given
    const options = { title, tenant, package: packageName, description, tags }
    // The names of a table are not known to the compiler.
    const empty = workflow(name, options) as unknown as Untyped
    const flow = tasks.reduce((before, [id, after]) => before.task(id, { after }, nothing), empty)

    expect(definitionOf(flow)?.version).toBe(version)
  })
})

interface Untyped extends AnyWorkflow {
  task(id: string, options: object, run: () => unknown): Untyped
}

describe('the options of a task', () => {
  it('are those of Python where nothing is given: three attempts, exponential from 1 s to 60 s with jitter, for every error', () => {
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

  it('say how often it is tried again, how long that waits, and after which errors', () => {
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
  ] as const)('take %o', (options, retry) => {
    expect(taskOf(workflow('w').task('t', options, nothing))?.retry).toMatchObject(retry)
  })

  it('take tasks before it by their ids and as values, each once, in the order given', () => {
    const base = workflow('w').task('a', nothing).task('b', nothing)

    expect(taskOf(base.task('c', { after: ['b', base.tasks.a, 'b'] }, nothing))?.dependencies).toEqual(['b', 'a'])
  })

  it.each(
    (table('python-rules.json').cases as readonly { title: string; typescript?: string; wire: unknown }[]).filter(
      (each) => each.typescript !== undefined,
    ),
  )('take the rules that Python has: $title', ({ typescript, wire }) => {
    const names = { all, always, any, failed, none, skipped, succeeded, value }
    const when = new Function(...Object.keys(names), `return ${typescript}`)(...Object.values(names))

    expect(taskOf(workflow('w').task('t', { when }, nothing))?.rule).toEqual(wire)
  })

  it('name the Python task that runs in its place, and its script as it is written', () => {
    const flow = workflow('w')
      .task('a', { python: { script: 'score.py', task: 'score' } })
      .task('b', { after: 'a', retries: 0, python: { script: './deep/x.py', task: 'x', workflow: 'deep' } })

    expect(definitionOf(flow)?.tasks).toMatchObject([
      { id: 'a', runs: { script: 'score.py', workflow: null, taskId: 'score' } },
      { id: 'b', runs: { script: './deep/x.py', workflow: 'deep', taskId: 'x' }, retry: { maxAttempts: 1 } },
    ])
    expect(declarationsOf([flow], SCRIPT).functions.tasks.get('w')?.size).toBe(0)
  })
})

describe('a trigger', () => {
  const flow = workflow('etl').task('read', nothing)

  it('is polled every 30 s where nothing is given', () => {
    expect(triggerOf(trigger('inbox', { starts: 'etl' }, () => true))).toMatchObject({
      name: 'inbox',
      workflow: 'etl',
      timing: { kind: 'poll', intervalMs: 30_000 },
      allowConcurrent: false,
      policy: { timeoutMs: null, jitterMs: null, maxActive: null, pauseAfter: null, onChange: false },
      description: '',
      script: SCRIPT,
    })
  })

  it('has the policies that Python has', () => {
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

  it('may be a schedule, in UTC and with one run for all that was missed unless it says otherwise', () => {
    expect(triggerOf(trigger('nightly', { cron: '0 3 * * *', starts: flow }))?.timing).toEqual({
      kind: 'cron',
      expression: '0 3 * * *',
      timezone: 'UTC',
      catchup: 'skip',
    })
    const zoned = { cron: '0 3 * * *', timezone: 'Europe/Paris', catchup: 'none', starts: flow } as const
    expect(triggerOf(trigger('nightly', zoned))?.timing).toMatchObject({ timezone: 'Europe/Paris', catchup: 'none' })
  })

  it('brings the workflow with it that it was given', () => {
    const { declarations } = declarationsOf([trigger('inbox', { starts: flow }, () => true)], SCRIPT)

    expect(declarations.workflows.map(({ key }) => key)).toEqual(['etl'])
  })
})

describe('what a file declares', () => {
  const base = workflow('etl').task('read', nothing)
  const longer = base.task('write', { after: 'read' }, nothing)

  it('has of one workflow the value that goes on where the others end, in whatever order they come', () => {
    for (const values of [
      [base, longer],
      [longer, base, longer],
      [trigger('inbox', { starts: base }, () => true), longer],
    ]) {
      const { declarations } = declarationsOf(values, SCRIPT)

      expect(declarations.workflows.map(({ tasks }) => tasks.length)).toEqual([2])
    }
  })

  it('refuses two workflows of one name, and says where they are', () => {
    const error = thrownBy(() => declarationsOf([base, workflow('etl').task('other', nothing)], SCRIPT))

    expect(error).toMatchObject({ code: 'DECLARED_TWICE', facts: { workflow: 'etl' } })
    expect(error.message).toMatch(/definition\.test\.ts:\d+\), the other .*definition\.test\.ts:\d+\)/)
  })

  it('refuses two values that go on differently from one', () => {
    const left = base.task('left', nothing)
    const right = base.task('right', nothing)

    expect(thrownBy(() => declarationsOf([left, right], SCRIPT)).code).toBe('DECLARED_TWICE')
  })

  it('refuses two triggers of one name', () => {
    const make = () => trigger('inbox', { starts: 'etl' }, () => true)

    expect(thrownBy(() => declarationsOf([make(), make()], SCRIPT))).toMatchObject({
      code: 'DECLARED_TWICE',
      facts: { trigger: 'inbox' },
    })
  })

  it('refuses a workflow without tasks, and says that `task` returns a new one', () => {
    const flow = workflow('etl')
    flow.task('read', nothing)

    const error = thrownBy(() => declarationsOf([flow], SCRIPT))
    expect(error).toMatchObject({ code: 'EMPTY_WORKFLOW', facts: { workflow: 'etl' } })
    expect(error.message).toContain('Chain the calls')
  })

  it.each([['inbox'], [null], [undefined], [7], [{}], [nothing]])('refuses %s', (value) => {
    expect(thrownBy(() => declarationsOf([value], SCRIPT))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('may come from another copy of the package', async () => {
    const copy = '../../src/authoring/workflow.ts?copy'
    const other: typeof import('../../src/authoring/workflow.ts') = await import(/* @vite-ignore */ copy)
    const flow = other.workflow('theirs').task('read', nothing)

    expect(other.workflow).not.toBe(workflow)
    expect(isWorkflow(flow)).toBe(true)
    expect(isTrigger(flow)).toBe(false)
    expect(definitionOf(flow)?.key).toBe('theirs')
  })
})
