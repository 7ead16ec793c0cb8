/** Commands `cloaca trigger enable | disable | fire | poll | set | show | delete`. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ProcessEnd } from '../support/cloaca-process.ts'
import { cronTrigger, trigger, workflow } from '../support/declared.ts'
import { type FakeHost, fault, SKIP } from '../support/fake-host.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const etl = workflow('etl', { read: {} })
const parts = {
  workflows: [etl],
  triggers: [
    trigger('inbox', { workflow: 'etl', policy: { timeoutMs: 5_000 } }),
    cronTrigger('nightly', '0 2 * * *', { workflow: 'etl', catchup: 'all' }),
  ],
}

const database = steeredDatabases()
const run = (...words: string[]) => database().run('trigger', ...words)
const serving = (python: (host: FakeHost) => void = () => {}) => database().serve({ ...parts, python })

/** Returns the printed lines with two spaces between columns. */
const lines = ({ stdout }: ProcessEnd) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '  '))

async function servedBefore(): Promise<void> {
  await using engine = await serving((host) => host.trigger('inbox', () => SKIP))
  await database().clock.advance(0)
  await engine.engine.stop({ graceMs: 0 })
}

describe('without a serving engine', () => {
  beforeEach(servedBefore)

  it('a trigger is disabled with a note, which trigger show prints', async () => {
    const disabled = await run('disable', 'inbox', '--note', 'the folder\u001b[31m is moved')
    const shown = await run('show', 'inbox')
    await run('enable', 'inbox')

    expect(disabled).toMatchObject({ exitCode: 0, stdout: 'Trigger "inbox" disabled.\n' })
    expect(lines(shown)).toContain('enabled  no')
    expect(lines(shown)).toContain('note  the folder\\x1b[31m is moved')
    expect((await run('show', 'inbox')).stdout).not.toContain('note')
    const actions = await database().store.actions.list({ target: 'inbox' }, { limit: 9, offset: 0 })
    expect(actions.map(({ kind, source, note }) => [kind, source, note])).toEqual([
      ['enable', 'cli', null],
      ['disable', 'cli', 'the folder\u001b[31m is moved'],
    ])
  })

  it('a trigger is fired with a context as text or from a file, and with deduplication unless forced', async () => {
    writeFileSync(join(database().terminal.folder, 'context.json'), '{"n": 1.0}\n')

    const fired = await run('fire', 'inbox', '--context', `@${join(database().terminal.folder, 'context.json')}`)
    const again = await run('fire', 'inbox', '--context', '{"n":1.0}')
    const forced = await run('fire', 'inbox', '--context', '{"n":1.0}', '--force', '--json')

    const [newest, oldest] = await database().store.listExecutions({ limit: 9, offset: 0 })
    expect(fired).toMatchObject({ exitCode: 0, stdout: `Trigger "inbox" fired: execution ${oldest?.id}.\n` })
    expect(again).toMatchObject({
      exitCode: 1,
      stdout:
        `Trigger "inbox" started nothing: an execution with the same context is active (execution ${oldest?.id}). ` +
        'To start another execution, pass --force.\n',
    })
    expect(JSON.parse(forced.stdout)).toEqual({
      trigger: 'inbox',
      outcome: 'fired',
      executionId: newest?.id,
      reason: null,
    })
    expect((await database().store.getExecution(oldest?.id ?? ''))?.inputText).toContain('"n":1.0')
  })

  it('a trigger that cannot be fired or polled is reported with reason and remedy', async () => {
    const refusals = await Promise.all([
      run('fire', 'inbox', '--context', '{"n":'),
      run('fire', 'inbox', '--context', '@nowhere.json'),
      run('fire', 'inbax'),
      run('fire', 'nightly'),
      run('poll', 'inbox'),
    ])

    expect(refusals.map(({ exitCode }) => exitCode)).toEqual([2, 2, 1, 1, 1])
    const said = refusals.map(({ stderr }) => stderr)
    expect(said[0]).toContain('Invalid --context: A context must be valid JSON')
    expect(said[1]).toContain('--context cannot be read from "nowhere.json": ENOENT')
    expect(said[2]).toBe('cloaca: Trigger "inbax" not found in this database. Did you mean "inbox"?\n')
    expect(said[3]).toBe(
      'cloaca: Trigger "nightly" has a cron schedule and is not polled. Show it with: cloaca trigger show nightly; ' +
        'start its workflow with: cloaca workflow run etl\n',
    )
    expect(said[4]).toBe('cloaca: No engine polls trigger "inbox". Serve its script with cloaca serve.\n')
  })

  it('an override is shown beside the declared option, survives a restart, and can be reset', async () => {
    const set = await run('set', 'inbox', '--interval', '10s', '--timeout', 'none', '--pause-after', '3', '--on-change')
    await servedBefore()
    const shown = lines(await run('show', 'inbox'))
    const json = JSON.parse((await run('show', 'inbox', '--json')).stdout)
    const reset = await run('set', 'inbox', '--reset')

    expect(set.stdout).toBe(
      'Trigger "inbox" updated. The override survives restarts; remove it with: cloaca trigger set inbox --reset\n',
    )
    expect(shown).toContain('every  10s (overridden; declared: 1s)')
    expect(shown).toContain('timeout  none (overridden; declared: 5s)')
    expect(shown).toContain('pause after  3 failed polls (overridden; declared: none)')
    expect(shown).toContain('on change  yes (overridden; declared: no)')
    expect(json).toMatchObject({
      kind: 'poll',
      pollIntervalMs: 10_000,
      policy: { timeoutMs: null, pauseAfter: 3, onChange: true },
      overrides: { pollIntervalMs: 10_000, timeoutMs: null, pauseAfter: 3, onChange: true },
      createdAt: '2026-01-01T00:00:00.000+00:00',
    })
    expect(reset.stdout).toBe('Trigger "inbox" reset to its declared options.\n')
    expect(lines(await run('show', 'inbox'))).toContain('every  1s')
  })

  it('a cron trigger is shown, and its catch-up option is set and reset', async () => {
    await run('set', 'nightly', '--catchup', 'none')
    const shown = lines(await run('show', 'nightly'))
    await run('set', 'nightly', '--reset')
    const listed = lines(await run('list'))

    expect(shown.slice(0, 5)).toEqual([
      'trigger  nightly',
      'workflow  etl',
      'cron  0 2 * * *',
      'zone  UTC',
      'catches up  none',
    ])
    expect(lines(await run('show', 'nightly'))).toContain('catches up  all')
    expect(listed).toContain('nightly  cron  etl  0 2 * * *  yes  never')
  })

  it('a cron trigger has a history of its firings', async () => {
    const none = await run('history', 'nightly', '--ticks')
    const [cron] = await database().store.listCrons({ limit: 1, offset: 0, enabledOnly: false })
    const claim = {
      scheduleId: cron?.id ?? '',
      dueAt: cron?.nextRunAt ?? 0,
      nextRunAt: null,
      followingRunAt: null,
      at: cron?.nextRunAt ?? 0,
    }
    await database().store.claimCron({ ...claim, firingId: 'firing', execution: null })

    expect(none.stdout).toBe('Trigger "nightly" has not fired yet.\n')
    expect(lines(await run('history', 'nightly', '--utc'))).toEqual([
      'DUE  FIRED  EXECUTION',
      '2026-01-01 02:00:00 +00:00  2026-01-01 02:00:00 +00:00  none',
    ])
    expect(JSON.parse((await run('history', 'nightly', '--json')).stdout)).toMatchObject([
      { id: 'firing', scheduledAt: '2026-01-01T02:00:00.000+00:00' },
    ])
  })

  it('a cron trigger is disabled with a note, and enabled', async () => {
    const disabled = await run('disable', 'nightly', '--note', 'not in December')
    const shown = lines(await run('show', 'nightly'))
    await run('enable', 'nightly')

    expect(disabled.stdout).toBe('Trigger "nightly" disabled.\n')
    expect(shown).toContain('enabled  no')
    expect(shown).toContain('note  not in December')
    expect(lines(await run('show', 'nightly'))).toContain('enabled  yes')
  })

  const servingOther = () => database().serve({ workflows: [etl], triggers: [trigger('other', { workflow: 'etl' })] })

  it('triggers that no script declares any more are listed and shown as not declared', async () => {
    await using _ = await servingOther()
    const [listed, shown, status] = [await run('list'), await run('show', 'inbox'), await database().run('status')]
    const crons = await database().run('schedule', 'list')

    expect(lines(listed).map((line) => line.split('  ').slice(0, 5))).toEqual(
      expect.arrayContaining([
        ['inbox', 'poll', 'etl', '1s', 'not declared'],
        ['nightly', 'cron', 'etl', '0 2 * * *', 'not declared'],
        ['other', 'poll', 'etl', '1s', 'yes'],
      ]),
    )
    expect(lines(shown)).toContainEqual(
      expect.stringMatching(/^declared {2}no, not in a served script since .*: cloaca trigger delete inbox$/),
    )
    expect(status.stdout).toMatch(/^not declared +inbox, nightly$/m)
    expect(crons.stdout).toMatch(/^nightly .* not declared +never$/m)
  })

  describe('after the code changed a polled trigger into a cron trigger, and the reverse', () => {
    const changed = [
      cronTrigger('inbox', '0 3 * * *', { workflow: 'etl' }),
      trigger('nightly', { workflow: 'etl' }),
    ] as const
    const servingChanged = () => database().serve({ workflows: [etl], triggers: changed })
    const listed = async () => {
      const rows = JSON.parse((await run('list', '--json')).stdout) as { name: string; kind: string }[]
      return rows.map(({ name, kind }) => `${name} ${kind}`).sort()
    }

    it('both are listed, counted and shown once, with their new kinds', async () => {
      await using _ = await servingChanged()

      expect(await listed()).toEqual(['inbox cron', 'nightly poll'])
      const status = await database().run('status')
      expect(status.stdout).toMatch(/^triggers +2, 2 enabled/m)
      expect(status.stdout).not.toContain('not declared')
      expect(lines(await run('show', 'inbox'))).toContain('cron  0 3 * * *')
      expect(lines(await run('show', 'nightly'))).toContain('every  1s')
      expect(lines(await database().run('schedule', 'list'))).toEqual([
        expect.stringMatching(/^SCHEDULE /),
        expect.stringMatching(/^inbox {2}etl {2}0 3 \* \* \* /),
      ])
    })

    it('commands and the serving engine disable and enable their new kinds', async () => {
      await using serving = await servingChanged()
      const { triggers } = serving.engine.services
      const enabled = async () => ({
        cron: (await database().store.triggerCrons(['inbox']))[0]?.isEnabled,
        polled: (await database().store.getTrigger('nightly'))?.isEnabled,
      })

      await run('disable', 'inbox')
      await run('disable', 'nightly')
      const disabled = await enabled()
      const status = await database().run('status')
      await triggers.setEnabled('inbox', true)
      await triggers.setEnabled('nightly', true)

      expect(disabled).toEqual({ cron: false, polled: false })
      expect(status.stdout).toMatch(/^triggers +2, 0 enabled$/m)
      expect(await enabled()).toEqual({ cron: true, polled: true })
    })

    it('both are listed once when no script declares them any more, and are deleted completely', async () => {
      const before = await servingChanged()
      await before.engine.stop({ graceMs: 0 })
      await before[Symbol.asyncDispose]()
      await database().clock.advance(1)
      await using _ = await servingOther()

      expect(await listed()).toEqual(['inbox cron', 'nightly poll', 'other poll'])
      expect((await database().run('status')).stdout).toMatch(/^not declared +(inbox, nightly|nightly, inbox)$/m)
      await run('delete', 'inbox')
      await run('delete', 'nightly')
      expect(await listed()).toEqual(['other poll'])
      expect(await database().store.listCrons({ limit: 9, offset: 0, enabledOnly: false })).toEqual([])
      expect(await database().store.getTrigger('inbox')).toBeNull()
    })
  })

  it('an undeclared trigger is deleted, and a declared trigger is not', async () => {
    await using other = await servingOther()
    const refused = await run('delete', 'other')
    const deleted = [await run('delete', 'inbox', '--note', 'a trial'), await run('delete', 'nightly')]
    await other.engine.stop({ graceMs: 0 })

    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('a served script declares the trigger and would create it again.'),
    })
    expect(deleted.map(({ stdout }) => stdout)).toEqual([
      'Trigger "inbox" deleted. Its executions are kept.\n',
      'Trigger "nightly" deleted. Its executions are kept.\n',
    ])
    expect(JSON.parse((await run('list', '--json')).stdout)).toMatchObject([{ name: 'other', undeclaredAt: null }])
  })

  it('an invalid override is rejected, and the message describes the valid values', async () => {
    const ends = await Promise.all([
      run('set', 'inbox'),
      run('set', 'inbox', '--interval', '10'),
      run('set', 'inbox', '--timeout', '0s'),
      run('set', 'inbox', '--max-active', '0'),
      run('set', 'inbox', '--interval', '1s', '--reset'),
      run('set', 'inbox', '--catchup', 'some'),
      run('set', 'nightly', '--interval', '1s'),
    ])

    expect(ends.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2, 2, 2, 1])
    const messages = [
      'Pass at least one',
      'a duration such as',
      'at least 1ms, or none',
      '1 or more, or none',
      'Pass only one of these',
      '"skip", "all", "none"',
      'has a cron schedule and is not polled[\\s\\S]*workflow run etl',
    ]
    expect(ends.map(({ stderr }) => stderr).join('')).toMatch(new RegExp(messages.join('[\\s\\S]*')))
  })
})

describe('with a serving engine', () => {
  // The engine rejects requests that are too old or in the future, and the commands use the system clock.
  beforeEach(() => database().clock.setWall(Date.now() - database().clock.now()))

  it('a trigger is polled immediately, and the command prints the outcome', async () => {
    const error = fault('no shop')
    const answers = [SKIP, { kind: 'skipped', reason: 'empty' } as const, { kind: 'failed', error } as const]
    await using running = await serving((host) => host.trigger('inbox', () => answers.shift() ?? SKIP))
    await database().clock.advance(0)
    await running.engine.services.triggers.setEnabled('inbox', false)

    const skipped = await database().moving(run('poll', 'inbox'))
    const failed = await database().moving(run('poll', 'inbox'))

    expect(skipped.stdout).toMatch(/^Trigger "inbox" skipped \(\d+ms\): empty\n$/)
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toMatch(/ValueError: no shop\n[\s\S]*cloaca: Trigger "inbox" failed \(\d+ms\): no shop\n$/)
    await running.engine.stop({ graceMs: 0 })
  })

  it('poll --no-wait stores the request and confirms this', async () => {
    await using running = await serving((host) => host.trigger('inbox', () => SKIP))
    await database().clock.advance(0)

    const { stdout, exitCode } = await run('poll', 'inbox', '--no-wait')
    await database().clock.advance(600)

    expect([stdout, exitCode]).toEqual([
      'Request to poll trigger "inbox" stored. The trigger will be polled when its engine reads the request; ' +
        'see: cloaca trigger history inbox --ticks\n',
      0,
    ])
    expect(running.host.pollsOf('inbox')).toHaveLength(2)
    await running.engine.stop({ graceMs: 0 })
  })
})
