/** Commands `cloaca signal …` and `cloaca approval …`, and waiting nodes in `cloaca execution show`. */

import { userInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { AT_ONCE } from '../support/begun-execution.ts'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { workflow } from '../support/declared.ts'
import { settle } from '../support/manual-clock.ts'
import type { RunningEngine } from '../support/running-engine.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const DAY_MS = 86_400_000
const FORM = {
  type: 'object',
  properties: { amount: { type: 'number', minimum: 1 } },
  required: ['amount'],
} as const
const LIMIT = { timeoutMs: 3 * DAY_MS, onTimeout: 'fail' } as const
/** The commands have the clock of the machine, which is later than that of the engine. */
const NEVER = { timeoutMs: null, onTimeout: 'fail' } as const
const parts = {
  workflows: [
    withWait('refund', { kind: 'signal', signal: 'refund-decision', key: '{order}', ...LIMIT }),
    withWait('purchase', { kind: 'approval', title: 'Buy {order}?', form: FORM, ...NEVER }),
    withWait('plain', { kind: 'signal', signal: 'go', key: '', ...NEVER }),
    withWait('pause', { kind: 'delay', end: { kind: 'after', ms: DAY_MS } }),
  ],
}
const BY = `cli (${userInfo().username})`

type Wait = NonNullable<ReturnType<typeof workflow>['tasks'][number]['wait']>

/** Returns a workflow with a node `gate` and a task `after`. */
function withWait(name: string, wait: Wait) {
  const { tasks, ...rest } = workflow(name, { gate: {}, after: { after: ['gate'] } })
  return { ...rest, tasks: tasks.map((task) => (task.id === 'gate' ? { ...task, wait } : task)) }
}

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)
const json = ({ stdout, stderr }: ProcessEnd) => {
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** Starts an execution, and returns its id when it waits. */
async function startWaiting({ engine }: RunningEngine, name: string, order: unknown = 7): Promise<string> {
  const id = await engine.submit(name, JSON.stringify({ order }))
  await settle()
  return id
}

const approvalOf = async (id: string) => json(await run('execution', 'show', id, '--json')).waitingFor.approvalId

describe('cloaca signal send', () => {
  it('ends the wait of an execution, and prints its id', async () => {
    await using engine = await database().serve(parts)
    const id = await startWaiting(engine, 'refund')

    const sent = await run('signal', 'send', 'refund-decision', '--key', '7', '--data', '{"n": 1.0}', '--id', 'msg-1')

    expect(sent).toMatchObject({
      exitCode: 0,
      stdout: `Signal "refund-decision/7" sent with id msg-1: used by execution ${id}.\n`,
    })
    await database().clock.advance(5_000)
    expect(engine.host.runsOf('after')).toMatchObject([{ inputText: expect.stringContaining('"n": 1.0') }])
    const again = await run('signal', 'send', 'refund-decision', '--key', '7', '--data', '{"n":1.0}', '--id', 'msg-1')
    expect(again.stdout).toBe(`Signal "refund-decision/7" was already sent with id msg-1: used by execution ${id}.\n`)
  })

  it('keeps a signal that no node waits for, without an engine', async () => {
    const sent = json(await run('signal', 'send', 'go', '--json'))

    expect(sent).toEqual({ id: expect.any(String), state: 'kept', executions: [], isRepeated: false })
    const again = await run('signal', 'send', 'go', '--id', 'again')
    expect(again.stdout).toBe('Signal "go" sent with id again: no node waits for it, so it is kept for the next one.\n')
    await using engine = await database().serve(parts)
    await startWaiting(engine, 'plain')
    expect(engine.host.runsOf('after')).toHaveLength(1)
  })

  it.each([
    ['a payload that is not JSON', ['--data', '{a}'], 2, '--data is not valid JSON'],
    ['a payload of more than 1 MiB', ['--data', '@large.json'], 2, 'payload'],
    ['a key of more than 512 bytes', ['--key', 'k'.repeat(513)], 2, '"key"'],
    ['an empty id', ['--id', ''], 2, '"id"'],
    ['a file that does not exist', ['--data', '@missing.json'], 2, '--data cannot be read'],
  ])('refuses %s', async (_, words, exitCode, message) => {
    const large = database().terminal.write('large.json', `"${'x'.repeat(1024 ** 2)}"`)
    const found = words.map((word) => (word === '@large.json' ? `@${large}` : word))

    const refused = await run('signal', 'send', 'go', ...found)

    expect(refused).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) })
    expect(json(await run('signal', 'list', '--json'))).toEqual([])
  })

  it('refuses a known id with another payload', async () => {
    await run('signal', 'send', 'go', '--id', 'one', '--data', '1')

    const refused = await run('signal', 'send', 'go', '--id', 'one', '--data', '2')

    expect(refused).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('"one"') })
  })
})

describe('cloaca signal list', () => {
  it('prints signals, newest first, with their state, sender and exact payload', async () => {
    await using engine = await database().serve(parts)
    const id = await startWaiting(engine, 'refund', 'A')
    await run('signal', 'send', 'refund-decision', '--key', 'A', '--data', '{"x": 12345678901234567890}', '--id', 's1')
    await run('signal', 'send', 'go', '--id', 's2')

    const listed = json(await run('signal', 'list', '--json'))

    expect(listed).toMatchObject([
      { id: 's2', name: 'go', key: '', state: 'kept', executions: [], usedAt: null, payloadText: 'null' },
      {
        ...{ id: 's1', name: 'refund-decision', key: 'A', state: 'used', executions: [id], source: BY },
        payloadText: '{"x": 12345678901234567890}',
      },
    ])
    expect(json(await run('signal', 'list', '--state', 'kept', '--json'))).toMatchObject([{ id: 's2' }])
    expect(json(await run('signal', 'list', '--name', 'go', '--json'))).toMatchObject([{ id: 's2' }])
    expect(json(await run('signal', 'list', '--key', 'A', '--json'))).toMatchObject([{ id: 's1' }])
    const page = await run('signal', 'list', '--limit', '1')
    expect(page.stderr).toContain('--cursor s2')
    expect((await run('signal', 'list', '--cursor', 's2')).stdout).toMatch(/refund-decision +A +used +cli/)
    expect((await run('signal', 'list', '--key', 'none')).stdout).toBe(
      'There are no matching signals in this database.\n',
    )
  })
})

describe('cloaca approval', () => {
  it('lists open approvals, oldest first, and others with --state', async () => {
    expect((await run('approval', 'list')).stdout).toBe('There are no open approvals in this database.\n')
    await using engine = await database().serve(parts)
    const one = await approvalOf(await startWaiting(engine, 'purchase', 'pen'))
    await database().clock.advance(1_000)
    const two = await approvalOf(await startWaiting(engine, 'purchase', 'ink'))

    const ids = async (...words: string[]) =>
      json(await run('approval', 'list', '--json', ...words)).map(({ id }: { readonly id: string }) => id)
    expect(await ids()).toEqual([one, two])
    const page = await run('approval', 'list', '--limit', '1', '--json')
    expect(page).toMatchObject({
      stdout: expect.stringContaining(one),
      stderr: expect.stringContaining(`--cursor ${one}`),
    })
    expect(await ids('--cursor', one)).toEqual([two])
    expect(await ids('--workflow', 'refund')).toEqual([])
    await run('approval', 'reject', one)
    expect(await ids()).toEqual([two])
    expect(await ids('--state', 'answered')).toEqual([one])
    expect(await ids('--state', 'all')).toEqual([one, two])
    const { stdout } = await run('approval', 'list', '--state', 'all', '--utc')
    expect(stdout).toMatch(new RegExp(`purchase +gate +rejected .* ${one} +Buy pen\\?`))
    expect(stdout).toMatch(new RegExp(`purchase +gate +open .* ${two} +Buy ink\\?`))
    expect((await run('approval', 'list', '--state', 'lost')).exitCode).toBe(2)
  })

  it('is approved with exact values in the name of the system user, and the execution continues', async () => {
    await using engine = await database().serve(parts)
    const executionId = await startWaiting(engine, 'purchase')
    const id = await approvalOf(executionId)

    const approved = await run('approval', 'approve', id, '--values', '{"amount": 12.0}', '--note', 'fine')

    expect(approved).toMatchObject({ exitCode: 0, stdout: `Approval "Buy 7?" approved by ${BY}.\n` })
    await database().clock.advance(5_000)
    const inputText = engine.host.runsOf('after')[0]?.inputText ?? ''
    expect(inputText.replaceAll(' ', '')).toContain('"amount":12.0')
    const shown = await run('approval', 'show', id, '--json')
    expect(json(shown)).toMatchObject({
      ...{ id, executionId, workflow: 'purchase', node: 'gate', title: 'Buy 7?', state: 'answered', form: FORM },
      answer: { approved: true, values: { amount: 12 }, by: BY, note: 'fine' },
    })
    expect(shown.stdout).toContain('"amount": 12.0')
    const { stdout } = await run('approval', 'show', id)
    expect(stdout).toMatch(
      /answer +approved\nanswered by +cli \(.*\)\nanswered +.*\nvalues +\{"amount":12\.0\}\nnote +fine/,
    )
    const again = await run('approval', 'reject', id)
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`was approved by ${BY}`) })
    const [action] = json(await run('action', 'list', '--json'))
    expect(action).toMatchObject({ kind: 'approve', target: id, source: 'cli', note: 'fine' })
  })

  it('names the wrong values, and stays open', async () => {
    await using engine = await database().serve(parts)
    const id = await approvalOf(await startWaiting(engine, 'purchase'))

    const wrong = await run('approval', 'approve', id, '--values', '{"amount": 0}')
    const missing = await run('approval', 'approve', id)

    expect(wrong).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('"amount"') })
    expect(missing.stderr).toContain('"amount" is missing')
    expect(json(await run('approval', 'show', id, '--json')).state).toBe('open')
  })

  it.each([
    ['values that are not JSON', ['--values', '{'], 'not valid JSON'],
    ['values that are no object', ['--values', '[1]'], 'object'],
  ])('refuses %s as wrong usage', async (_, words, message) => {
    await using engine = await database().serve(parts)
    const id = await approvalOf(await startWaiting(engine, 'purchase'))

    const refused = await run('approval', 'approve', id, ...words)

    expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) })
    expect(json(await run('approval', 'show', id, '--json')).state).toBe('open')
  })

  it('is not found by another id, and has no option for the person who answers', async () => {
    await using engine = await database().serve(parts)
    const id = await approvalOf(await startWaiting(engine, 'purchase'))

    expect(await run('approval', 'approve', id.slice(0, 8))).toMatchObject({ exitCode: 1 })
    expect(await run('approval', 'approve', id, '--by', 'boss')).toMatchObject({ exitCode: 2 })
    expect(json(await run('approval', 'show', id, '--json')).state).toBe('open')
  })

  it('shows control characters of a title instead of printing them', async () => {
    await using engine = await database().serve(parts)
    const id = await approvalOf(await startWaiting(engine, 'purchase', '\u001b[31m\nred'))

    for (const { stdout } of [await run('approval', 'list'), await run('approval', 'show', id)]) {
      expect(stdout).toContain('\\x1b')
      expect(stdout).not.toContain('\u001b')
    }
  })
})

describe('cloaca execution show', () => {
  it.each([
    ['refund', /Running, waiting for signal refund-decision\/7 since 20\S+ \S+ \+00:00, until 20\S+ \S+ \+00:00\n/],
    ['plain', /Running, waiting for signal go since 20\S+ \S+ \+00:00\n/],
    ['purchase', /Running, waiting for approval "Buy 7\?" since 20\S+ \S+ \+00:00\n/],
    ['pause', /Running, waiting for delay gate since 20\S+ \S+ \+00:00, until /],
  ])('says what an execution of "%s" waits for', async (name, line) => {
    await using engine = await database().serve(parts)
    const id = await startWaiting(engine, name)

    const { stdout } = await run('execution', 'show', id, '--utc')

    expect(stdout).toMatch(line)
    expect(stdout).toMatch(/gate +Waiting/)
  })

  it('says since when an execution is paused that waits', async () => {
    await using engine = await database().serve(parts)
    const id = await startWaiting(engine, 'plain')
    await engine.engine.services.executions.pause(id, AT_ONCE)

    const { stdout } = await run('execution', 'show', id, '--utc')

    expect(stdout).toMatch(/Paused since 20\S+ \S+ \+00:00, waiting for signal go since 20\S+ \S+ \+00:00\n/)
  })

  it('has the wait in its JSON', async () => {
    await using engine = await database().serve(parts)
    const id = await startWaiting(engine, 'refund')

    const { waitingFor } = json(await run('execution', 'show', id, '--json'))

    expect(waitingFor).toEqual({
      ...{ kind: 'signal', node: 'gate', signal: 'refund-decision', key: '7' },
      since: expect.stringMatching(/^\d{4}-.*\+00:00$/),
      until: expect.any(String),
    })
    expect(Date.parse(waitingFor.until) - Date.parse(waitingFor.since)).toBe(3 * DAY_MS)
    await run('signal', 'send', 'refund-decision', '--key', '7')
    await database().clock.advance(5_000)
    expect(json(await run('execution', 'show', id, '--json'))).toMatchObject({ status: 'Completed', waitingFor: null })
  })
})
