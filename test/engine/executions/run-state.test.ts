/** Property tests of one execution, with any dependencies, rules, outcomes and time of interruption. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_RECOVERIES } from '../../../src/engine/executions/retry.ts'
import { RunState } from '../../../src/engine/executions/run-state.ts'
import type { ReadyTask, RunUpdate } from '../../../src/engine/executions/run-update.ts'
import { newExecution } from '../../../src/engine/starts/firing-context.ts'
import type { TaskChange } from '../../../src/engine/store-ports.ts'
import {
  type AttemptOutcome,
  type Execution,
  isFinal,
  type TaskRun,
  type TaskStatus,
} from '../../../src/model/execution.ts'
import type { TriggerRule, WorkflowDefinition } from '../../../src/model/workflow.ts'
import { codec } from '../../../src/native/index.ts'
import { retrying, type TaskParts, workflow } from '../../support/declared.ts'
import { CANCELLED, fault } from '../../support/fake-host.ts'

/** Returns a new execution in the form in which the store returns it at its first acquisition. */
function acquired(definition: WorkflowDefinition): Execution {
  const { id, workflow: key, version, inputText, tasks } = newExecution('e', definition, '{"input":1}', codec)
  return {
    id,
    workflow: key,
    version,
    inputText,
    status: 'Running',
    origin: { kind: 'call' },
    priority: 0,
    createdAt: 0,
    startedAt: 0,
    endedAt: null,
    finalText: null,
    errorMessage: null,
    cause: null,
    retryOf: null,
    pausedAt: null,
    cancelRequestedAt: null,
    tasks: tasks.map((task) => ({
      ...task,
      status: 'NotStarted',
      attempts: 0,
      recoveries: 0,
      notBeforeAt: null,
      startedAt: null,
      endedAt: null,
      finishedOrder: null,
      outputText: null,
      error: null,
    })),
  }
}

const anyRule: fc.Arbitrary<TriggerRule> = fc.letrec<{ rule: TriggerRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.constant<TriggerRule>({ type: 'Always' }),
    fc.record({
      type: fc.constantFrom('TaskSuccess', 'TaskFailed', 'TaskSkipped'),
      taskName: fc.integer({ min: 0, max: 9 }).map((at) => (at % 2 === 0 ? `t${at}` : `public::embedded::w::t${at}`)),
    }),
    fc.record({
      type: fc.constant('ContextValue' as const),
      key: fc.constantFrom('t0', 't1', 'input'),
      operator: fc.constantFrom('Exists', 'NotExists', 'GreaterThan'),
      valueText: fc.constant('0'),
    }),
    fc.record({
      type: fc.constantFrom('All', 'Any', 'None'),
      conditions: fc.array(tie('rule'), { maxLength: 3 }),
    }),
  ),
})).rule

/** Workflows in which each task depends only on earlier tasks. */
const anyWorkflow = fc
  .array(
    fc.record({ after: fc.array(fc.nat(), { maxLength: 3 }), rule: anyRule, tries: fc.integer({ min: 0, max: 3 }) }),
    {
      minLength: 1,
      maxLength: 10,
    },
  )
  .map((tasks) => {
    const parts = tasks.map(({ after, rule, tries }, index): [string, TaskParts] => [
      `t${index}`,
      { after: index === 0 ? [] : after.map((at) => `t${at % index}`), rule, retry: retrying(tries) },
    ])
    return workflow('w', Object.fromEntries(parts))
  })

const anyOutcome = fc.constantFrom<AttemptOutcome['kind']>('completed', 'completed', 'failed', 'timedOut', 'lost')

function outcomeOf(kind: AttemptOutcome['kind'], taskId: string): AttemptOutcome {
  if (kind === 'completed') return { kind, contextText: `{"${taskId}":1}` }
  return kind === 'cancelled' ? CANCELLED : { kind, error: fault(kind) }
}

describe('an execution with any dependencies, rules and outcomes', () => {
  it('brings each task to one final state, after its dependencies, and then ends once', () => {
    const outcomes = fc.infiniteStream(anyOutcome)
    const order = fc.infiniteStream(fc.nat())
    fc.assert(
      fc.property(anyWorkflow, outcomes, order, (definition, nextOutcome, nextPick) => {
        const state = new RunState(acquired(definition), definition, codec)
        const statuses = new Map<string, TaskStatus>(definition.tasks.map((task) => [task.id, 'NotStarted']))
        const ready: ReadyTask[] = []
        let ends = 0

        const follow = (step: RunUpdate): void => {
          for (const change of step.changes) checkChange(change)
          ready.push(...step.ready)
          if (step.end !== null) ends += 1
        }
        const checkChange = ({ taskId, status }: TaskChange): void => {
          expect(isFinal(statuses.get(taskId) ?? 'NotStarted')).toBe(false)
          statuses.set(taskId, status)
        }

        follow(state.open(0))
        for (let at = 1; ready.length > 0; at++) {
          const [task] = ready.splice((nextPick.next().value ?? 0) % ready.length, 1)
          if (task === undefined) break
          const taskId = state.taskId(task.index)
          for (const dependency of definition.tasks[task.index]?.dependencies ?? []) {
            expect(isFinal(statuses.get(dependency) ?? 'NotStarted')).toBe(true)
          }
          state.inputText(task.index)
          checkChange(state.begin(task.index, at))
          follow(state.settle(task.index, outcomeOf(nextOutcome.next().value ?? 'completed', taskId), at, 0))
        }

        expect([...statuses.values()].every(isFinal)).toBe(true)
        expect(ends).toBe(1)
      }),
      { numRuns: 300 },
    )
  })

  it('ends with all tasks in a final state after an interruption at any time', () => {
    const pick = fc.infiniteStream(fc.nat())
    fc.assert(
      fc.property(anyWorkflow, pick, fc.nat({ max: 12 }), (definition, nextPick, interruptAfter) => {
        const stored = new Map(acquired(definition).tasks.map((task) => [task.taskId, task]))
        const keep = (changes: readonly TaskChange[]): void => {
          for (const change of changes) {
            const task = stored.get(change.taskId)
            if (task !== undefined) stored.set(change.taskId, { ...task, ...change })
          }
        }
        const failing = (taskId: string): AttemptOutcome => outcomeOf(taskId === 't1' ? 'failed' : 'completed', taskId)

        let state = new RunState(acquired(definition), definition, codec)
        let step = state.open(0)
        let ready = [...step.ready]
        keep(step.changes)
        for (let at = 1; ready.length > 0; at++) {
          if (at === interruptAfter) {
            state = new RunState({ ...acquired(definition), tasks: [...stored.values()] }, definition, codec)
            step = state.open(at)
            ready = [...step.ready]
            keep(step.changes)
            if (ready.length === 0) break
          }
          const [task] = ready.splice((nextPick.next().value ?? 0) % ready.length, 1)
          if (task === undefined) break
          keep([state.begin(task.index, at)])
          step = state.settle(task.index, failing(state.taskId(task.index)), at, 0)
          keep(step.changes)
          ready.push(...step.ready)
        }

        expect([...stored.values()].every((task) => isFinal(task.status))).toBe(true)
        expect(step.end).not.toBeNull()
      }),
      { numRuns: 200 },
    )
  })
})

describe('an execution whose first task is abandoned when it is opened', () => {
  const definition = workflow('w', { t0: {}, t1: { after: ['t0'] }, t2: { after: ['t1'] } })

  it('releases the next task once, and ends after the last one', () => {
    const [first, ...others] = acquired(definition).tasks
    const counts = { attempts: MAX_RECOVERIES + 1, recoveries: MAX_RECOVERIES + 1 }
    const lost = { ...first, status: 'Running', ...counts } as TaskRun
    const state = new RunState({ ...acquired(definition), tasks: [lost, ...others] }, definition, codec)
    const changes: string[] = []
    const note = (change: TaskChange): void => void changes.push(`${change.taskId} ${change.status}`)

    let step = state.open(0)
    for (const change of step.changes) note(change)
    const opened = step.ready.map(({ index }) => state.taskId(index))
    while (step.ready[0] !== undefined && changes.length < 10) {
      const [{ index }] = step.ready
      note(state.begin(index, 1))
      step = state.settle(index, outcomeOf('completed', state.taskId(index)), 2, 0)
      for (const change of step.changes) note(change)
    }

    expect(opened).toEqual(['t1'])
    expect(changes).toEqual(['t0 Failed', 't1 Running', 't1 Completed', 't2 Running', 't2 Completed'])
    expect(step.end).toMatchObject({ status: 'Failed' })
  })
})

describe('the cause of a failed execution', () => {
  const definition = workflow('w', { late: {}, early: {}, after: { after: ['early'] } })
  const failing = (message: string): AttemptOutcome => ({ kind: 'failed', error: fault(message) })

  /** Fails the tasks in this order, and stores their changes. Reads the stored execution again before each task. */
  function failed(...taskIds: readonly string[]): string | undefined {
    const stored = new Map(acquired(definition).tasks.map((task) => [task.taskId, task]))
    const keep = (changes: readonly TaskChange[]): void => {
      for (const change of changes) stored.set(change.taskId, { ...stored.get(change.taskId), ...change } as TaskRun)
    }
    let cause: string | undefined
    for (const taskId of taskIds) {
      const state = new RunState({ ...acquired(definition), tasks: [...stored.values()] }, definition, codec)
      const { ready, changes } = state.open(0)
      const index = ready.find((task) => state.taskId(task.index) === taskId)?.index ?? -1
      keep([...changes, state.begin(index, 0)])
      const step = state.settle(index, failing(`${taskId} failed`), 0, 0)
      keep(step.changes)
      cause = step.end?.failure?.cause
    }
    return cause
  }

  it('is the first failed task in order of completion, not of declaration, also after a restart', () => {
    expect(failed('early', 'after', 'late')).toBe('early: ValueError: early failed (3 of 3 tasks failed)')
    expect(failed('early', 'late', 'after')).toBe('early: ValueError: early failed (3 of 3 tasks failed)')
    expect(failed('late', 'early', 'after')).toBe('late: ValueError: late failed (3 of 3 tasks failed)')
  })
})
