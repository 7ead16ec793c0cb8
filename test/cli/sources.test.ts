/** Command `cloaca source`. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { graphs, reactor, source } from '../support/declared.ts'
import { type FakeHost, fault } from '../support/fake-host.ts'
import { settle } from '../support/manual-clock.ts'
import type { RunningEngine } from '../support/running-engine.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const database = steeredDatabases()
const run = (...words: string[]) => database().run('source', ...words)
const serving = (python: (host: FakeHost) => void = () => {}): Promise<RunningEngine> =>
  database().serve({
    graphs: graphs({
      sources: [source('probe'), source('weather', { kind: 'polling', intervalMs: 60_000 })],
      reactors: [reactor('oven', ['probe', 'weather', 'door'])],
    }),
    python,
  })

it('an event that is pushed without a serving engine is stored verbatim and waits, with a notice', async () => {
  await using engine = await serving()
  await engine.engine.stop({ graceMs: 0 })

  const pushed = await run('push', 'probe', '{"c": 91.0, "id": 1152921504606846977}')
  const json = await run('push', 'probe', '[1.0]', '--json')
  const shown = await run('show', 'probe', '--json')

  expect(pushed).toMatchObject({ exitCode: 0, stdout: 'Source "probe" accepted event 1.\n' })
  expect(pushed.stderr).toContain('No engine serves source "probe"')
  expect(JSON.parse(json.stdout)).toEqual({ source: 'probe', sequence: 2 })
  const events = await database().store.graphs.listEvents('probe', { limit: 9, offset: 0 })
  expect(events.map(({ eventText }) => eventText)).toEqual(['[1.0]', '{"c": 91.0, "id": 1152921504606846977}'])
  expect(JSON.parse(shown.stdout)).toMatchObject({
    name: 'probe',
    kind: 'passthrough',
    lastSequence: 2,
    waiting: 2,
    limit: 10_000,
    owner: null,
    lastValueText: null,
  })
})

it('events are read from a file, from stdin, or one per line', async () => {
  await using _ = await serving()
  const { folder } = database().terminal
  writeFileSync(join(folder, 'event.json'), '{"c": 1}\n')
  const typed = (stdin: string, ...words: string[]) =>
    database().terminal.run(['source', 'push', 'probe', ...words, '--db', database().path], { stdin })

  const ofFile = await typed('', `@${join(folder, 'event.json')}`)
  const ofStdin = await typed('"one"', '-')
  const lines = await typed('1.0\n\n2\n3\n', '-', '--lines', '--json')
  const [bad, empty] = await Promise.all([typed('4\n{\n', '-', '--lines'), typed('', '-')])

  expect([ofFile.exitCode, ofStdin.exitCode]).toEqual([0, 0])
  expect(JSON.parse(lines.stdout)).toEqual({ source: 'probe', sequences: [3, 4, 5] })
  expect(bad).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('Line 2 is not valid JSON, so no event was pushed'),
  })
  expect(empty).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('The input is empty, so there is no event to push'),
  })
  expect(await database().store.graphs.getSource('probe')).toMatchObject({ lastSequence: 5 })
})

it('a rejected push names its reason', async () => {
  await using _ = await serving((host) => host.source('probe', () => new Promise(() => {})))
  const events = Array.from({ length: 10_000 }, () => ({ eventText: '1' }))
  await database().store.graphs.accept({ source: 'probe', events, maxWaiting: 10_000, at: 0 })

  const refusals = await Promise.all([
    run('push', 'prob', '1'),
    run('push', 'weather', '1'),
    run('push', 'probe', '{"a":'),
    run('push', 'probe', '1', '--timeout', '0s'),
    run('push', 'probe', '1', '--timeout', 'soon'),
  ])

  expect(refusals.map(({ exitCode }) => exitCode)).toEqual([1, 1, 2, 1, 2])
  const said = refusals.map(({ stderr }) => stderr)
  expect(said[0]).toMatch(/^cloaca: Source "prob" not found: .* Did you mean "probe"\?\n$/)
  expect(said[1]).toContain('Cannot push to source "weather": its events come only from its function.')
  expect(said[2]).toMatch(/^cloaca: The event is not valid JSON: /)
  expect(said[3]).toContain('Source "probe" is full: 10000 events are queued')
  expect(said[4]).toContain('Expected a duration')
  expect((await run('list', '--json')).stdout).toContain('"refused": 1')
})

/** Serves a source that drops one event and fails for another. */
async function servingFailures() {
  const engine = await serving((host) =>
    host
      .source('probe', ({ events }) => ({
        kind: 'answered',
        results: events.map((text) => {
          if (text === '2') return { kind: 'failed', error: fault('no 2\u001b[31m') }
          return text === '3' ? { kind: 'dropped' } : { kind: 'value', valueText: text }
        }),
      }))
      .source('weather', () => ({ kind: 'answered', results: [{ kind: 'dropped' }] })),
  )
  await Promise.all(['1', '2', '3', '4.0'].map((text) => engine.engine.services.sources.pushText('probe', text)))
  await database().clock.advance(1_500)
  await settle()
  return engine
}

it('sources are listed and shown with the outcomes of their events and the last error', async () => {
  await using _ = await servingFailures()

  const [list, shown] = await Promise.all([run('list'), run('show', 'probe')])

  expect(list.stdout).toMatch(/^probe +passthrough +4 +0 +0 +1 +0 +1 /m)
  expect(list.stdout).toMatch(/^door +no function +0 /m)
  expect(shown.stdout).toMatch(/^waiting +0 of at most 10000$/m)
  expect(shown.stdout).toMatch(/^last value +4\.0$/m)
  expect(shown.stdout).toContain('no 2\\x1b[31m')
  expect(shown.stdout).toMatch(new RegExp(`^owner +process ${process.pid} on `, 'm'))
})

it('events and polls of a source are listed page by page', async () => {
  await using _ = await servingFailures()

  const [events, rest, polls] = await Promise.all([
    run('events', 'probe', '--limit', '2', '--json'),
    run('events', 'probe', '--cursor', '3', '--json'),
    run('polls', 'weather'),
  ])

  expect(JSON.parse(events.stdout).map(({ eventText }: { readonly eventText: string }) => eventText)).toEqual([
    '4.0',
    '3',
  ])
  expect(events.stderr).toBe('cloaca: There are more rows. To show the next page, add: --cursor 3\n')
  expect(JSON.parse(rest.stdout)).toMatchObject([{ sequence: 2 }, { sequence: 1 }])
  expect(polls.stdout).toMatch(/ skipped +1 /)
  expect((await run('polls', 'probe')).stdout).toBe('Source "probe" is not a polling source.\n')
})

it('the hourly rate counts only events of the last hour', async () => {
  await using engine = await serving()
  const at = database().clock.now()
  const { graphs: store } = database().store
  const accept = (count: number, agoMs: number) =>
    store.accept({
      source: 'door',
      events: Array.from({ length: count }, () => ({ eventText: '1' })),
      maxWaiting: 10_000,
      at: at - agoMs,
    })
  await engine.engine.stop({ graceMs: 0 })
  const real = Date.now()
  await accept(70, at - real + 3_700_000)
  await accept(30, at - real + 60_000)

  const shown = await run('show', 'door', '--json')

  expect(JSON.parse(shown.stdout)).toMatchObject({ kind: null, lastSequence: 100, eventsLastHour: 30 })
})
