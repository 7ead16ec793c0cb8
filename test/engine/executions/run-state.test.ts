/** One execution of any shape, with any rules and outcomes, and interrupted at any moment. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReadyTask, RunState, type Step } from '../../../src/engine/executions/run-state.ts'
import { newExecution } from '../../../src/engine/firing-context.ts'
import type { TaskChange } from '../../../src/engine/ports.ts'
import { type AttemptOutcome, type Execution, isFinal, type TaskStatus } from '../../../src/model/execution.ts'
import type { TriggerRule, WorkflowDefinition } from '../../../src/model/workflow.ts'
import { codec } from '../../../src/native/index.ts'
import { retrying, type TaskParts, workflow } from '../../support/declared.ts'
import { CANCELLED, fault } from '../../support/fake-host.ts'

/** An execution as the store hands it out the first time. */
function acquired(definition: WorkflowDefinition): Execution {
  const { id, workflow: key, version, inputText, tasks } = newExecution('e', definition, '{"input":1}')
  return {
    id,
    workflow: key,
    version,
    inputText,
    status: 'Running',
    origin: { kind: 'call' },
    createdAt: 0,
    startedAt: 0,
    endedAt: null,
    finalText: null,
    errorMessage: null,
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

/** A task depends only on earlier ones. */
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

describe('an execution of any shape, with any rules and outcomes', () => {
  it('brings every task to one final state, none before what it depends on, and ends', () => {
    const outcomes = fc.infiniteStream(anyOutcome)
    const order = fc.infiniteStream(fc.nat())
    fc.assert(
      fc.property(anyWorkflow, outcomes, order, (definition, nextOutcome, nextPick) => {
        const state = new RunState(acquired(definition), definition, codec)
        const statuses = new Map<string, TaskStatus>(definition.tasks.map((task) => [task.id, 'NotStarted']))
        const ready: ReadyTask[] = []
        let ends = 0

        const follow = (step: Step): void => {
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

  it('goes on from any moment as if it had not been interrupted', () => {
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
