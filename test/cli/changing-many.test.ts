/** `cloaca execution cancel | retry` with a filter, and `cloaca action list`. */

import { beforeEach, describe, expect, it } from 'vitest'
import { workflow } from '../support/declared.ts'
import { failed } from '../support/fake-host.ts'
import { MAIN } from '../support/main-path.ts'
import { atATerminal, hasPty } from '../support/pseudo-terminal.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const etl = workflow('etl', { read: {} })
const mail = workflow('mail', { send: {} })

const database = steeredDatabases()

beforeEach(() => database().store.saveWorkflows([etl, mail], database().clock.now()))

const run = (...words: string[]) => database().run('execution', ...words)

/** Submits executions that no engine runs, and returns their ids, oldest first. */
async function waiting(count: number, definition = etl): Promise<readonly string[]> {
  await using idle = await database().serve({ isIdle: true })
  const ids: string[] = []
  for (let made = 0; made < count; made++) ids.push(await idle.engine.submitDefinition(definition, '{}'))
  return ids
}

/** Runs executions that fail, and returns their ids, oldest first. */
async function failing(count: number, definition = etl): Promise<readonly string[]> {
  const [task = ''] = definition.tasks.map(({ id }) => id)
  await using serving = await database().serve({
    workflows: [definition],
    python: (host) => host.task(task, () => failed('disk full')),
  })
  const ids: string[] = []
  for (let made = 0; made < count; made++) ids.push((await serving.engine.execute(definition.key, '{}')).id)
  await serving.engine.stop({ graceMs: 0 })
  return ids
}

async function statuses(): Promise<Readonly<Record<string, number>>> {
  return await database().store.countExecutions()
}

describe('executions that a filter selects', () => {
  it('are cancelled with --yes: the matching ones, with one action and note each', async () => {
    const ids = await waiting(3)
    await waiting(2, mail)
    await run('pause', ids[0] ?? '')

    const { stdout, stderr, exitCode } = await run('cancel', '--workflow', 'etl', '--yes', '--note', 'wrong day')

    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout.trimEnd().split('\n')).toHaveLength(4)
    expect(stdout).toMatch(/\n3 executions: 3 cancelled\.\n$/)
    expect(await statuses()).toEqual({ Cancelled: 3, Pending: 2 })
    for (const id of ids) {
      const [action] = await database().store.actions.list({ target: id }, { limit: 1, offset: 0 })
      expect(action).toMatchObject({ kind: 'cancel', source: 'cli', note: 'wrong day' })
    }
  })

  it('are retried only once, however often the command is repeated', async () => {
    await failing(2)

    const first = await run('retry', '--workflow', 'etl', '--status', 'failed', '--since', '2020-01-01', '--yes')
    const again = await run('retry', '--workflow', 'etl', '--status', 'failed', '--since', '2020-01-01', '--yes')

    expect([first.exitCode, first.stdout]).toEqual([0, expect.stringMatching(/\n2 executions: 2 retried\.\n$/)])
    expect([again.exitCode, again.stdout]).toEqual([0, 'There are no matching executions in this database.\n'])
    expect(await statuses()).toEqual({ Failed: 2, Pending: 2 })
  })

  it('are retried once if two commands retry them at the same time', { tags: ['proof'] }, async () => {
    const ids = await failing(4)
    const words = ['retry', '--workflow', 'etl', '--yes', '--json'] as const

    const ends = await Promise.all([run(...words), run(...words)])

    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const records = ends.flatMap(({ stdout }) => JSON.parse(stdout) as readonly { readonly retryOf?: string }[])
    expect(records.flatMap(({ retryOf }) => retryOf ?? []).toSorted()).toEqual(ids.toSorted())
    expect(await statuses()).toEqual({ Failed: 4, Pending: 4 })
  })

  it('are by default the failed ones for a retry, and the open ones for a cancel', async () => {
    await failing(1)
    const [open = ''] = await waiting(2)
    await run('cancel', open)

    const retry = await run('retry', '--workflow', 'etl', '--dry-run', '--json')
    const cancel = await run('cancel', '--workflow', 'etl', '--dry-run', '--json')
    const wrong = await run('cancel', '--status', 'Failed', '--yes')

    expect(JSON.parse(retry.stdout)).toMatchObject({ executions: 1, hasMore: false, first: [{ status: 'Failed' }] })
    expect(JSON.parse(cancel.stdout)).toMatchObject({ executions: 1, first: [{ status: 'Pending' }] })
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"Pending", "Running", "Paused"') })
  })

  it('are counted by --dry-run, which prints the newest ten and changes none', async () => {
    const ids = await waiting(12)

    const { stdout, exitCode } = await run('cancel', '--since', '2020-01-01', '--dry-run')

    const [first = '', headings, ...rows] = stdout.trimEnd().split('\n')
    expect([exitCode, first]).toEqual([0, 'Would cancel 12 executions. The newest 10:'])
    expect(headings).toMatch(/^CREATED +WORKFLOW +STATUS +ID$/)
    expect(rows.map((row) => row.split(/ +/).at(-1)?.trim())).toEqual(ids.slice(2).reverse())
    expect(await statuses()).toEqual({ Pending: 12 })
    expect(await database().store.actions.list({}, { limit: 1, offset: 0 })).toEqual([])
  })

  it('are at most --limit, newest first, and a message states that more match', async () => {
    const [oldest = '', ...rest] = await failing(3)

    const dry = await run('retry', '--workflow', 'etl', '--limit', '2', '--dry-run')
    const first = await run('retry', '--workflow', 'etl', '--limit', '2', '--yes', '--json')
    const second = await run('retry', '--workflow', 'etl', '--limit', '2', '--yes', '--json')

    expect(dry.stdout).toMatch(/^Would retry 2 executions; more match, but --limit is reached\.\n/)
    const retried = ({ stdout }: { readonly stdout: string }) =>
      (JSON.parse(stdout) as readonly { readonly retryOf: string }[]).map(({ retryOf }) => retryOf)
    expect(retried(first)).toEqual([...rest].reverse())
    expect(first.stderr).toBe('cloaca: More executions match. To change them too, repeat this command.\n')
    expect(retried(second)).toEqual([oldest])
  })

  it('are at most 1,000 without --limit', async () => {
    await waiting(1_001)

    const { stdout, stderr } = await run('cancel', '--workflow', 'etl', '--yes')

    expect(stdout).toMatch(/\n1000 executions: 1000 cancelled\.\n$/)
    expect(stderr).toContain('More executions match.')
    expect(await statuses()).toEqual({ Cancelled: 1_000, Pending: 1 })
  })

  it('are counted and reported one by one if they cannot be changed, and the exit code is 1', async () => {
    await failing(1)
    const [sent = ''] = await failing(1, mail)

    const { stdout, stderr, exitCode } = await run('retry', '--status', 'Failed', '--from', 'read', '--yes')

    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/\n2 executions: 1 retried, 1 failed\.\n$/)
    expect(stderr).toContain(sent)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(await statuses()).toEqual({ Failed: 2, Pending: 1 })
  })

  it('need --yes where nobody can be asked', async () => {
    await waiting(1)

    const { stderr, exitCode } = await run('cancel', '--workflow', 'etl')

    expect([exitCode, stderr]).toEqual([
      2,
      'cloaca: Cannot ask whether to cancel the selected executions, because this is not a terminal. ' +
        'To cancel them without a question, add --yes. To list them, add --dry-run.\n',
    ])
    expect(await statuses()).toEqual({ Pending: 1 })
  })

  it.each([
    [['cancel'], /^cloaca: Pass the ids of executions, or a filter: cloaca execution cancel --workflow NAME/],
    [['retry', '--yes'], /^cloaca: Pass the ids of executions, or a filter: /],
    [['retry', '5b9debd0', '--status', 'Failed'], /^cloaca: --status selects executions, so pass no ids/],
    [['cancel', '5b9debd0', '--dry-run'], /^cloaca: --dry-run selects executions, so pass no ids/],
    [['cancel', '5b9debd0', '--limit', '5'], /^cloaca: --limit selects executions, so pass no ids/],
    [['cancel', '--workflow', 'etl', '--limit', '0'], /Expected a whole number, 1 or more/],
  ])('%j is wrong usage', async (words, message) => {
    const { stderr, exitCode } = await run(...words)

    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  describe.skipIf(!hasPty)('at a terminal', () => {
    const asked = (answer: string) =>
      atATerminal(
        [
          ['see', 'Cancel 2 executions? [y/N] '],
          ['type', answer],
        ],
        [process.execPath, MAIN, 'execution', 'cancel', '--workflow', 'etl', '--db', database().path],
      )

    it('are shown and changed after the answer y', async () => {
      await waiting(2)

      const { shown, exitCode } = await asked('y\n')

      expect(shown).toMatch(/Would cancel 2 executions\.\s+CREATED +WORKFLOW +STATUS +ID/)
      expect([exitCode, shown]).toEqual([0, expect.stringContaining('2 executions: 2 cancelled.')])
      expect(await statuses()).toEqual({ Cancelled: 2 })
    })

    it('are skipped after the answer y if another command has retried them since they were shown', async () => {
      const [first = '', second] = await failing(2)
      const retry = [process.execPath, MAIN, 'execution', 'retry', '--db', database().path]

      const { shown, exitCode } = await atATerminal(
        [
          ['see', 'Retry 2 executions? [y/N] '],
          ['run', [...retry, first].join(' ')],
          ['type', 'y\n'],
        ],
        [...retry, '--workflow', 'etl'],
      )

      expect([exitCode, shown]).toEqual([0, expect.stringContaining('2 executions: 1 retried, 1 skipped.')])
      expect(shown).toContain(`Execution "${first}" was already retried. Skipped.`)
      const retries = await Promise.all(
        [first, second ?? ''].map((retryOf) => database().store.listExecutions({ retryOf, limit: 9, offset: 0 })),
      )
      expect(retries.map(({ length }) => length)).toEqual([1, 1])
    })

    it.each([
      ['another answer', 'yesterday\n'],
      ['Enter', '\n'],
      ['the end of the input', '\u0004'],
    ])('are not changed after %s', async (_, answer) => {
      await waiting(2)

      const { shown, exitCode } = await asked(answer)

      expect([exitCode, shown]).toEqual([1, expect.stringContaining('Changed nothing.')])
      expect(await statuses()).toEqual({ Pending: 2 })
    })
  })
})

describe('the list of actions', () => {
  it('shows time, actor, action, target and note, and `execution show` prints those of one execution', async () => {
    const [first = '', second = ''] = await failing(2)
    await run('retry', first, '--note', 'disk is empty again')
    await database().clock.advance(60_000)
    await run('prune', '--older-than', '0s', '--status', 'Cancelled', '--note', 'tidy')
    await run('cancel', second)

    const table = await database().run('action', 'list')
    const shown = await run('show', first)
    const json = await run('show', first, '--json')
    const [retry] = await database().store.listExecutions({ retryOf: first, limit: 1, offset: 0 })
    const created = await run('show', retry?.id ?? '')
    const quiet = await run('show', second)

    const [headings, ...rows] = table.stdout.trimEnd().split('\n')
    expect(headings).toMatch(/^TIME +ACTOR +ACTION +TARGET +NOTE$/)
    expect(rows).toEqual([
      expect.stringMatching(new RegExp(`^20\\S+ \\S+ \\S+ +cli +retry +${first} +disk is empty again$`)),
    ])
    expect(shown.stdout).toMatch(
      /\n\nActions on this execution\nTIME +ACTOR +ACTION +NOTE\n20\S+ \S+ \S+ +cli +retry +disk is empty again\n/,
    )
    expect(JSON.parse(json.stdout)).toMatchObject({ actions: [{ kind: 'retry', note: 'disk is empty again' }] })
    expect(created.stdout).toMatch(/\nActions on this execution\n.*\n.* cli +retry +disk is empty again\n/)
    expect(quiet.stdout).not.toContain('Actions on')
  })

  it('is limited by --since, --until, --limit and --cursor, and is an array with --json', async () => {
    const ids = await waiting(3)
    for (const id of ids) await run('cancel', id, '--note', id.slice(0, 4))
    const list = async (...words: string[]) => {
      const { stdout } = await database().run('action', 'list', '--json', ...words)
      return JSON.parse(stdout) as readonly { readonly id: string; readonly target: string }[]
    }

    const all = await list('--since', '2020-01-01')
    const page = await database().run('action', 'list', '--limit', '2', '--json')

    expect(all.map(({ target }) => target)).toEqual([...ids].reverse())
    expect(all[0]).toMatchObject({ kind: 'cancel', source: 'cli', isRefused: false })
    expect(page.stderr).toContain(`add: --cursor ${all[1]?.id}`)
    expect(await list('--cursor', all[1]?.id ?? '')).toEqual([all[2]])
    expect(await list('--since', '2999-01-01')).toEqual([])
    expect(await list('--until', '2020-01-01')).toEqual([])
  })

  it('contains the note of a removal of executions', async () => {
    await failing(1)

    await run('prune', '--older-than', '0s', '--note', 'tidy')

    const { stdout } = await database().run('action', 'list')
    expect(stdout).toMatch(/^20\S+ \S+ \S+ +cli +prune +executions +tidy$/m)
  })
})
