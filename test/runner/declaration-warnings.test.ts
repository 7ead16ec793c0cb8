/** Findings about the declarations of a script: the same when it is checked, and as warnings when it is loaded. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkScripts, type LogLine, Runner } from '../../src/index.ts'

const DECLARED_TWICE = `import cloaca

@cloaca.trigger(workflow="w", poll_interval="1h", name="inbox")
def first():
    return cloaca.TriggerResult.skip()

@cloaca.trigger(workflow="w", poll_interval="1h", name="inbox")
def second():
    return cloaca.TriggerResult.skip()

with cloaca.WorkflowBuilder("w"):
    @cloaca.task(id="one")
    def one():
        return {}

    @cloaca.task(id="two")
    def two(context, handle, amount):
        return context

    @cloaca.task(id="three")
    def three(context, handle, amount=1, *more, **others):
        return context
`

const FINDINGS = [
  ['twinNames', 7, 'Trigger "inbox" is already declared in line 3, and this one replaces it. Rename one of them.'],
  [
    'withoutContext',
    12,
    'Task "one" of workflow "w" cannot run: its function one() has no parameter for the context. ' +
      'Add one, as in one(context).',
  ],
  [
    'unfilledParameter',
    16,
    'Task "two" of workflow "w" cannot run: its function two() requires "amount", but an attempt passes only the ' +
      'context and the parameter "handle". Give each other parameter a default value, or remove it.',
  ],
]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-declarations-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

it('check reports names that are declared twice, and tasks that cannot be called', async () => {
  const path = write('twice.py', DECLARED_TWICE)

  const { problems } = await checkScripts([path])

  expect(problems.map(({ kind, place, message }) => [kind, place?.line, message])).toEqual(FINDINGS)
})

it('a runner logs the findings as warnings with their place when it loads the script', async () => {
  const path = write('twice.py', DECLARED_TWICE)
  const lines: LogLine[] = []
  await using runner = await Runner.open({ database: ':memory:', log: (line) => void lines.push(line) })

  await runner.load(path)

  const warnings = lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  expect(warnings.sort()).toEqual(FINDINGS.map(([, line, text]) => `${text} (${path}, line ${line})`).sort())
})

it('the traceback of a refused argument ends in the script, without frames of the package', async () => {
  const path = write(
    'refused.py',
    'import cloaca\n\n@cloaca.trigger(workflow="w", poll_interval=5)\ndef inbox(): ...\n',
  )

  const { problems } = await checkScripts([path])

  expect(problems).toMatchObject([{ kind: 'cannotBeLoaded', place: { line: 3 } }])
  expect(problems[0]?.message).toMatch(/TypeError: argument 'poll_interval': expected str, got int: use "5s"$/)
  expect(problems[0]?.traceback?.match(/File "/g)).toHaveLength(1)
})
