/** One graph with tasks of both languages: values, failures, cancellation, and a process that is killed. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codec } from '../../src/native/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { scenarioDatabase } from '../support/scenario-database.ts'

describe('a graph of Python and TypeScript', () => {
  let served: ObservedRunner

  beforeAll(async () => {
    served = await ObservedRunner.start(['mixed_graph.ts', 'mixed_graph.py'])
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  it('keeps all digits and the type of numbers that a TypeScript task does not change', async () => {
    const { contextText } = await served.runner.execute('exact')

    expect(JSON.parse(contextText)).toMatchObject({ types: ['float', 'int', true], other: 1 })
    expect(contextText).toContain('"one":1.0')
    expect(contextText).toContain('"big":1152921504606846976')
  })

  it('passes any context unchanged from Python to TypeScript and back', async () => {
    // Numbers as Python writes them, because Python formats each number that it has read again.
    const number = fc.oneof(
      fc.bigInt().map(String),
      fc.constantFrom('-0.0', '1e-09', '1e+22', '1.7976931348623157e+308'),
      fc.tuple(fc.integer(), fc.nat(9_999)).map(([whole, part]) => `${whole}.${part + 1}`.replace(/(\.\d+?)0+$/, '$1')),
    )
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        number,
        fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
        fc.constantFrom('null', 'true', 'false'),
        fc.array(tie('json') as fc.Arbitrary<string>).map((items) => `[${items.join(',')}]`),
        fc.array(fc.tuple(fc.string(), tie('json') as fc.Arbitrary<string>)).map(objectText),
      ),
    }))
    const contexts = fc.uniqueArray(
      fc.tuple(
        fc.string().map((key) => `k${key}`),
        json as fc.Arbitrary<string>,
      ),
      { selector: ([key]) => key },
    )

    await fc.assert(
      fc.asyncProperty(contexts, async (members) => {
        const given = objectText(members)

        const { status, contextText } = await served.runner.executeText('round', given)

        expect(status).toBe('Completed')
        for (const [key, text] of members) {
          expect(codec.canonicalize(codec.pick(contextText, key) ?? 'null')).toBe(codec.canonicalize(text))
        }
        expect(JSON.parse(contextText)).toMatchObject({
          seen_by_typescript: true,
          seen_by_python: members.map(([key]) => key).sort(byCodePoints),
        })
      }),
      { numRuns: 40 },
    )
  })

  it('runs a TypeScript task whose rule requires the failure of a Python task', async () => {
    const { status, context, tasks } = await served.runner.execute('handled')

    expect(context).toEqual({ instead: true })
    expect([status, tasks.map((task) => [task.id, task.status])]).toEqual([
      'Failed',
      [
        ['score', 'Failed'],
        ['instead', 'Completed'],
      ],
    ])
    expect(tasks[0]).toMatchObject({ error: 'Python task execution failed: ValueError: no score' })
  })

  it('runs tasks of both languages at the same time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-mixed-'))
    try {
      const { status } = await served.runner.execute('together', { folder })

      expect(status).toBe('Completed')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('aborts a task of an execution that is cancelled', async () => {
    const id = await served.runner.workflows.submit('endless')
    await served.until('taskStarted', ({ executionId }) => executionId === id)

    await served.runner.executions.cancel(id)

    expect(await served.runner.executions.get(id)).toMatchObject({
      status: 'Cancelled',
      tasks: [{ status: 'Cancelled' }],
    })
  })

  it('suggests a similar name in a warning and in the error of a task without a function', async () => {
    const { tasks } = await served.runner.execute('misspelt')

    expect(tasks[0]?.error).toMatch(/declares no task "exat"\. Did you mean "exact"\?$/)
    expect(served.log.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Task "score" of workflow "misspelt" cannot run: .* Did you mean "exact"\?$/),
    )
  })
})

it('resumes a run with the task of either language that was running when the process was killed', async () => {
  await using terminal = new Terminal()
  terminal.write('parts.py', PARTS_PY)
  terminal.write('graph.ts', GRAPH_TS)
  await using database = await scenarioDatabase(join(terminal.folder, 'killed.db'))
  for (const task of ['typescript', 'python']) {
    const serving = terminal.start(['serve', 'graph.ts', 'parts.py', '--db', database.url])
    await serving.logs('serving ')
    if (task === 'typescript') await terminal.run(['workflow', 'run', 'long', '--db', database.url])
    await expect.poll(() => existsSync(join(terminal.folder, `${task}-began`))).toBe(true)

    serving.kill('SIGKILL')
    await serving.ended
    terminal.write(`${task}-may-end`, '')
  }

  const serving = terminal.start(['serve', 'graph.ts', 'parts.py', '--db', database.url])
  await serving.logs("workflow 'long' completed")
  const listed = await terminal.run(['execution', 'list', '--json', '--db', database.url])
  const [{ id }, ...others] = JSON.parse(listed.stdout)
  const shown = JSON.parse((await terminal.run(['execution', 'show', id, '--json', '--db', database.url])).stdout)

  expect(others).toEqual([])
  expect(shown).toMatchObject({ status: 'Completed', context: { typescript: 'done', python: 'done' } })
})

const GRAPH_TS = `
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { workflow } from 'cloaca'
export const long = workflow('long')
  .task('first', async () => {
    writeFileSync('typescript-began', '')
    while (!existsSync('typescript-may-end')) await sleep(10)
    return { typescript: 'done' }
  })
  .task('second', { after: 'first', python: { script: 'parts.py', task: 'second' } })
`
const PARTS_PY = `
import cloaca, os, time
with cloaca.WorkflowBuilder("parts"):
    @cloaca.task()
    def second(ctx):
        open("python-began", "w").close()
        while not os.path.exists("python-may-end"):
            time.sleep(0.01)
        ctx["python"] = "done"
        return ctx
`

function objectText(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`
}

/** Compares texts by code points, as Python does. */
function byCodePoints(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
