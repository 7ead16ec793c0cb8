/** Commands `cloaca reactor` and `cloaca graph`. */

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { graph, graphs, reactor, source, workflow } from '../support/declared.ts'
import { fault } from '../support/fake-host.ts'
import { settle } from '../support/manual-clock.ts'
import type { EngineParts, RunningEngine } from '../support/running-engine.ts'
import { steeredDatabases } from '../support/steered-database.ts'

const database = steeredDatabases()
const run = (...words: string[]) => database().run(...words)
const judge = {
  ...graph('judge', 'oven'),
  nodes: [
    {
      id: 'look',
      inputs: ['probe'],
      next: null,
      routes: [
        ['hot', 'warn'],
        ['ok', 'note'],
      ],
    },
    { id: 'warn', inputs: [], next: null, routes: null },
    { id: 'note', inputs: [], next: null, routes: null },
  ],
} as const
const serving = (parts: EngineParts = {}): Promise<RunningEngine> =>
  database().serve({
    workflows: [workflow('ring', { bell: {} })],
    graphs: graphs({
      sources: [source('probe'), source('door')],
      reactors: [reactor('oven', ['probe', 'door'], 'when_all'), reactor('any', ['probe'])],
      graphs: [judge, graph('enrich', null)],
    }),
    ...parts,
  })

async function pushed(engine: RunningEngine, name: string, ...events: string[]): Promise<void> {
  await Promise.all(events.map((text) => engine.engine.services.sources.pushText(name, text)))
  await settle()
}

it('a waiting reactor names the missing sources and the time of the first waiting event', async () => {
  await using engine = await serving()
  await pushed(engine, 'probe', '1')
  await pushed(engine, 'door', '"open"')
  await database().clock.advance(1_000)
  await pushed(engine, 'probe', '2')
  await database().clock.advance(60_000)
  await pushed(engine, 'probe', '3')

  const [shown, json] = await Promise.all([
    run('reactor', 'show', 'oven', '--utc'),
    run('reactor', 'show', 'oven', '--json'),
  ])

  const { acceptedAt } = (await database().store.graphs.listEvents('probe', { limit: 1, offset: 1 }))[0] ?? {
    acceptedAt: 0,
  }
  const since = new Date(acceptedAt).toISOString().replace('Z', '+00:00')
  const shownSince = `${since.slice(0, 19).replace('T', ' ')} +00:00`
  expect(shown.stdout).toContain(`waiting for door since ${shownSince}`)
  expect(shown.stdout).toMatch(/^probe +yes +\S+ \S+ \S+ +3 +3$/m)
  expect(shown.stdout).toMatch(/^1 +\S+ \S+ \S+ +probe event 1, door event 1$/m)
  expect(JSON.parse(json.stdout)).toMatchObject({
    name: 'oven',
    mode: 'when_all',
    inputs: [
      { source: 'probe', valueText: '3', isDirty: true },
      { source: 'door', isDirty: false },
    ],
    lastSequence: 1,
    waitingFor: { sources: ['door'], sinceAt: since },
    firings: [{ sequence: 1, causes: [{ source: 'probe' }, { source: 'door' }], executions: [] }],
    subscriptions: [],
  })
  expect((await run('status', '--utc')).stdout).toContain(`oven is waiting for door since ${shownSince}`)
})

it('a workflow is subscribed, paused, resumed, replayed and unsubscribed by name', async () => {
  await using engine = await serving()

  const subscribed = await run('reactor', 'subscribe', 'any', 'ring', '--when', 'payload.probe > 1.5')
  await engine.engine.services.reactors.subscriptions({ enabledOnly: true })
  await run('reactor', 'pause', 'any', 'ring')
  await pushed(engine, 'probe', '1', '2')
  const [paused, status] = await Promise.all([run('reactor', 'subscriptions', 'any', '--json'), run('status')])
  await run('reactor', 'resume', 'any', 'ring')
  const replayed = await run('reactor', 'replay', 'any', 'ring', '--from', '1', '--json')
  const actions = await database().store.actions.list({}, { limit: 9, offset: 0 })
  const removed = await run('reactor', 'unsubscribe', 'any', 'ring')

  expect(subscribed.stdout).toBe('Workflow "ring" subscribed to reactor "any" with condition payload.probe > 1.5.\n')
  expect(JSON.parse(paused.stdout)).toMatchObject([{ reactor: 'any', workflow: 'ring', state: 'paused', waiting: 2 }])
  expect(status.stdout).toMatch(/^subscriptions +1, paused: ring to any$/m)
  expect(JSON.parse(replayed.stdout)).toMatchObject({ reactor: 'any', workflow: 'ring', from: 1 })
  expect(actions.map(({ kind, source }) => [kind, source])).toEqual(
    ['replay', 'resume', 'pause', 'subscribe'].map((kind) => [kind, 'cli']),
  )
  expect(removed.stdout).toContain('unsubscribed from reactor "any"')
})

it('an unknown name exits with 1, and the message suggests an existing name', async () => {
  await using _ = await serving()
  await run('reactor', 'subscribe', 'any', 'ring')

  const ends = await Promise.all([
    run('reactor', 'show', 'ovn'),
    run('reactor', 'firing', 'oven', '3'),
    run('reactor', 'fire', 'oven', '--payload', '{"dor": 1}'),
    run('reactor', 'pause', 'any', 'rong'),
    run('reactor', 'subscribe', 'any', 'ring', '--when', 'payload. >'),
    run('graph', 'show', 'juge'),
    run('reactor', 'fire', 'oven', '--payload', '{'),
  ])

  expect(ends.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1, 1, 1, 2])
  const said = ends.map(({ stderr }) => stderr)
  expect(said[0]).toBe('cloaca: Reactor "ovn" not found in this database. Did you mean "oven"?\n')
  expect(said[1]).toBe('cloaca: Firing 3 of reactor "oven" not found. The reactor has not fired yet.\n')
  expect(said[2]).toContain('Did you mean "door"?')
  expect(said[3]).toBe('cloaca: Workflow "rong" is not subscribed to reactor "any". Subscribed workflows: ring.\n')
  expect(said[5]).toBe('cloaca: Graph "juge" not found in this database. Did you mean "judge"?\n')
})

it('a subscription to an undeclared reactor or workflow needs --allow-missing, and suggests a name', async () => {
  await using _ = await serving()

  const reactor = await run('reactor', 'subscribe', 'ovn', 'ring')
  const workflow = await run('reactor', 'subscribe', 'oven', 'rng')
  const before = await run('reactor', 'subscriptions', '--json')
  const early = await run('reactor', 'subscribe', 'later', 'ringing', '--allow-missing')

  const fix = 'To subscribe before a script declares it, set "allowMissing" (on the command line: --allow-missing).'
  expect([reactor.exitCode, workflow.exitCode]).toEqual([1, 1])
  expect(reactor.stderr).toBe(`cloaca: Reactor "ovn" not found in this database. Did you mean "oven"? ${fix}\n`)
  expect(workflow.stderr).toBe(`cloaca: Workflow "rng" not found in this database. Did you mean "ring"? ${fix}\n`)
  expect(JSON.parse(before.stdout)).toEqual([])
  expect(early).toMatchObject({
    exitCode: 0,
    stdout: 'Workflow "ringing" subscribed to reactor "later".\n',
    stderr: '',
  })
})

it('a predicate that names a field without a source is subscribed with a warning', async () => {
  await using _ = await serving()
  const when = 'payload.prob > 1.0 && payload["door"] == 1.0 && has(payload.lamp)'

  const end = await run('reactor', 'subscribe', 'oven', 'ring', '--when', when)
  const early = await run('reactor', 'subscribe', 'later', 'ring', '--allow-missing', '--when', 'payload.x > 1.0')

  expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('subscribed to reactor "oven"') })
  expect(end.stderr).toBe(
    'cloaca: Warning: The predicate names "payload.prob", but reactor "oven" has no source "prob". ' +
      'Did you mean "probe"?\n' +
      'cloaca: Warning: The predicate names "payload.lamp", but reactor "oven" has no source "lamp". ' +
      'Sources of this reactor: probe, door.\n',
  )
  expect(early.stderr).toBe('')
})

it('an execution and its retries name the firing and the events that caused them', async () => {
  await using engine = await serving({
    python: (host) => host.task('bell', () => ({ kind: 'failed', error: fault('no') })),
  })
  await run('reactor', 'subscribe', 'any', 'ring')
  await pushed(engine, 'probe', '1.0')
  await pushed(engine, 'probe', '2')
  await database().clock.advance(1_000)
  const [newest] = await database().store.listExecutions({ limit: 9, offset: 0 })
  await run('execution', 'retry', newest?.id ?? '')
  const [retried] = await database().store.listExecutions({ limit: 9, offset: 0 })

  const [shown, again, firing, ringing] = await Promise.all([
    run('execution', 'show', newest?.id ?? ''),
    run('execution', 'show', retried?.id ?? '', '--json'),
    run('reactor', 'firing', 'any', '2'),
    run('workflow', 'show', 'ring'),
  ])

  expect(shown.stdout).toMatch(/^started by +reactor any$/m)
  expect(shown.stdout).toMatch(/^caused by +firing 2 of reactor any, probe event 2$/m)
  expect(JSON.parse(again.stdout)).toMatchObject({
    retryOf: newest?.id,
    firing: { reactor: 'any', sequence: 2, causes: [{ source: 'probe', firstSequence: 2, lastSequence: 2 }] },
  })
  expect(firing.stdout).toContain(newest?.id)
  expect(firing.stdout).toMatch(/^payload +\{"probe":2\}$/m)
  expect(ringing.stdout).toMatch(/^started by +reactor any$/m)
})

it('a firing by hand records its origin and its note', async () => {
  await using engine = await serving()
  await pushed(engine, 'probe', '1.0')

  const fired = await run('reactor', 'fire', 'oven', '--payload', '{"door": "forced"}', '--note', 'a try')
  const firings = await run('reactor', 'firings', 'oven')

  expect(fired.stdout).toBe('Reactor "oven" fired (firing 1) with payload {"probe":1.0,"door":"forced"}\n')
  expect(firings.stdout).toMatch(/^1 +\S+ \S+ \S+ +by hand: cli: a try +\{"probe":1\.0,"door":"forced"\}$/m)
})

it('a graph is shown with its last run, its last error and its topology, as text and as Mermaid', async () => {
  await using engine = await serving({
    python: (host) =>
      host.graph('judge', ({ payloads }) => ({
        kind: 'answered',
        results: payloads.map((text) =>
          text.includes('13')
            ? { kind: 'failed', error: fault('no 13') }
            : { kind: 'ended', resultText: '{"alarm":91.0}' },
        ),
        nodesText: '{"look":["hot",91],"warn":{"alarm":91}}',
      })),
  })
  await engine.engine.services.reactors.fireText('oven', '{"probe":13}', { source: 'node' })
  await engine.engine.services.reactors.fireText('oven', '{"probe":91}', { source: 'node' })
  await settle()
  await database().clock.advance(2_000)

  const [shown, mermaid, list, json] = await Promise.all([
    run('graph', 'show', 'judge'),
    run('graph', 'show', 'judge', '--mermaid'),
    run('graph', 'list'),
    run('graph', 'list', '--json'),
  ])

  expect(shown.stdout).toContain('\nlook  takes probe  routes hot to warn, ok to note\n  warn\n  note\n')
  expect(shown.stdout).toMatch(/^result +\{"alarm":91\.0\}$/m)
  expect(shown.stdout).toMatch(/^warn +\{"alarm":91\}$/m)
  expect(shown.stdout).toContain('no 13')
  expect(mermaid.stdout).toBe(
    'flowchart TD\n  s0(["probe"])\n  n0["look"]\n  n1["warn"]\n  n2["note"]\n' +
      '  s0 --> n0\n  n0 -->|"hot"| n1\n  n0 -->|"ok"| n2\n',
  )
  expect(list.stdout).toMatch(/^judge +oven +3 +2 +1 /m)
  expect(list.stdout).toMatch(/^enrich +none \(run by tasks\) +1 +0 +0 +never$/m)
  expect(JSON.parse(json.stdout)).toMatchObject([
    { name: 'enrich', reactor: null, lastRun: null },
    { name: 'judge', reactor: 'oven', runs: 2, failures: 1, lastRun: { resultText: '{"alarm":91.0}' } },
  ])
})

it('graph run accepts the sources of the reactor, and suggests a name for an unknown source', async () => {
  const oven = fileURLToPath(new URL('../page/scripts/oven.py', import.meta.url))
  await using terminal = new Terminal()
  const tried = (input: string) => terminal.run(['graph', 'run', 'alarm', oven, '--input', input])

  const [ran, refused] = await Promise.all([tried('{"probe": {"c": 3}}'), tried('{"prob": {"c": 3}}')])

  expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Graph "alarm" ran /) })
  expect(refused).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: 'cloaca: Invalid --input: The reactor of graph "alarm" has no source "prob". Did you mean "probe"?\n',
  })
})
