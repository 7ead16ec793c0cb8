/** Order of the tasks of a workflow, for any dependencies. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderTasks } from '../../src/registry/task-order.ts'
import { workflow } from '../support/declared.ts'

/** Tasks with any dependencies, so that cycles occur as well. */
const anyTasks = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.array(fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { maxLength: 3 }), {
      minLength: size,
      maxLength: size,
    }),
  )
  .map(
    (edges) =>
      workflow(
        'w',
        Object.fromEntries(edges.map((after, index) => [`t${index}`, { after: after.map((at) => `t${at}`) }])),
      ).tasks,
  )

describe('the order of tasks', () => {
  it('contains every task once, after its dependencies, or is a cycle of real dependencies', () => {
    fc.assert(
      fc.property(anyTasks, (tasks) => {
        const graph = orderTasks(tasks)

        if (graph.kind === 'ordered') {
          const position = new Map(graph.tasks.map((task, index) => [task.id, index]))
          expect(position.size).toBe(tasks.length)
          for (const [index, task] of graph.tasks.entries()) {
            for (const dependency of task.dependencies) expect(position.get(dependency)).toBeLessThan(index)
          }
          return
        }
        const [problem] = graph.problems
        if (problem?.kind !== 'cycle') throw new Error('only circles can be wrong here')
        const byName = new Map(tasks.map((task) => [task.fullName, task]))
        expect(problem.fullNames.length).toBeGreaterThan(1)
        expect(problem.fullNames.at(-1)).toBe(problem.fullNames[0])
        for (const [index, name] of problem.fullNames.slice(0, -1).entries()) {
          const next = byName.get(problem.fullNames[index + 1] ?? '')?.id
          expect(byName.get(name)?.dependencies).toContain(next)
        }
      }),
    )
  })
})
