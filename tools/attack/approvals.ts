/**
 * Attacks on approvals and signals: answers to approvals of others, forged ids and authors, and requests that are sent
 * again. The servers are started here and listen on loopback.
 */

import { randomUUID } from 'node:crypto'
import type { Store } from '../../src/engine/store.ts'
import type { Runner } from '../../src/index.ts'
import type { RouteRequest } from '../../test/support/route-requests.ts'
import { openApproval } from '../../test/support/route-rows.ts'
import { openTarget, ROUTE_TOKEN, type RouteTarget } from '../../test/support/route-targets.ts'
import { closeAttacked, DATABASES, type Database, openAttacked } from './attacked-runner.ts'
import type { AttackClass, Attempts } from './report.ts'

const APPROVALS = 40
const VERBS = ['approve', 'reject'] as const
const REPLAYS = 20
const GUESSES = 500

type Approvals = readonly { readonly id: string; readonly executionId: string }[]

interface Attack {
  readonly runner: Runner
  readonly target: RouteTarget
  readonly attempts: Attempts
  /** Returns the next approval that no attempt has answered. */
  next(): Approvals[number]
}

export const APPROVAL_ATTACKS: readonly AttackClass[] = DATABASES.map((database) => ({
  name: `approvals: forged, foreign and replayed answers and signals, on ${database}`,
  run: (attempts) => attackApprovals(database, attempts),
}))

async function attackApprovals(database: Database, attempts: Attempts): Promise<void> {
  const fill = async (store: Store, owner: string): Promise<Approvals> => {
    const made: Approvals[number][] = []
    while (made.length < APPROVALS) made.push(await openApproval(store, `${owner} workflow`))
    return made
  }
  using attacked = await openAttacked(database, fill)
  const { runner, own, foreign } = attacked
  const unanswered = own.values()
  const next = (): Approvals[number] => {
    const { value } = unanswered.next()
    if (value === undefined) throw new Error('there are too few approvals')
    return value
  }
  for (const token of [null, ROUTE_TOKEN]) {
    await using target = await openTarget(runner, { listensOn: '127.0.0.1', token })
    const attack: Attack = { runner, target, attempts, next }
    await answerForeign(attack, foreign)
    await forgeIds(attack)
    await forgeAuthors(attack)
    await replayAnswers(attack)
    await replaySignals(attack)
  }
  const other = await attacked.openForeign()
  for (const { id } of foreign) await expectOpen({ runner: other, attempts }, id, 'an approval of another owner')
  await other.close()
  await closeAttacked(attacked, attempts)
}

async function answerForeign({ target, attempts }: Attack, foreign: Approvals): Promise<void> {
  for (const { id } of foreign) {
    for (const verb of VERBS) await expectStatus(target, attempts, post(target, `/approvals/${id}/${verb}`), [404])
    const reading = { ...post(target, `/approvals/${id}`), method: 'GET', body: null }
    await expectStatus(target, attempts, reading, [404])
  }
}

/** Ids that differ from the id of an open approval, requests that must not answer it, and guessed ids. */
async function forgeIds({ runner, target, attempts, next }: Attack): Promise<void> {
  const { id, executionId } = next()
  const last = Number.parseInt(id.at(-1) ?? '0', 16)
  const neighbours = [last - 1, last + 1].map((digit) => id.slice(0, -1) + ((digit + 16) % 16).toString(16))
  const forms = [id.slice(0, 8), id.slice(0, -1), `${id}0`, id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`]
  const encoded = [`${id}%00`, `%20${id}`, `${id}%20`, `x%2F..%2F${id}`, `${id};x=1`, `${id}'%20OR%201=1--`, '%25', '*']
  const guesses = Array.from({ length: GUESSES }, () => randomUUID())
  for (const each of [executionId, ...neighbours, ...forms, ...encoded, ...guesses]) {
    await expectStatus(target, attempts, post(target, `/approvals/${each}/approve`), [400, 404])
  }
  const allowed = post(target, `/approvals/${id}/approve`)
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const headers = { ...allowed.headers, 'x-http-method-override': 'POST' }
    await expectStatus(target, attempts, { ...allowed, method, headers }, [405])
  }
  const { authorization: _, origin: _origin, ...bare } = allowed.headers
  await expectStatus(target, attempts, { ...allowed, headers: bare }, [401, 403])
  const foreign = { ...bare, origin: 'https://evil.example' }
  await expectStatus(target, attempts, { ...allowed, headers: foreign }, [401, 403])
  await expectOpen({ runner, attempts }, id, 'an approval that was only attacked')
}

/** The author of an answer must be the interface, whatever the request contains. */
async function forgeAuthors({ runner, target, attempts, next }: Attack): Promise<void> {
  const { id } = next()
  const path = `/approvals/${id}/approve`
  const members = [
    { by: 'boss' },
    { source: 'cli' },
    { user: 'root' },
    { at: 0 },
    { approved: true },
    { state: 'open' },
  ]
  for (const body of [...members, { answer: { by: 'boss' } }]) {
    await expectStatus(target, attempts, post(target, path, body), [400])
  }
  for (const query of ['by=boss', 'source=cli', 'user=root']) {
    await expectStatus(target, attempts, post(target, `${path}?${query}`), [400])
  }
  await expectOpen({ runner, attempts }, id, 'an approval with a forged author')
  const names = ['x-remote-user', 'x-forwarded-user', 'remote-user', 'from', 'cookie']
  for (const name of names) {
    const allowed = post(target, `/approvals/${next().id}/approve`)
    const { body } = await target.send({ ...allowed, headers: { ...allowed.headers, [name]: 'by=boss' } })
    attempts.count(body.includes('"by":"http"') ? null : `header "${name}" changed the author: ${body.slice(0, 200)}`)
  }
}

/** Answers, sent again and at the same time: exactly one of them applies. */
async function replayAnswers({ target, attempts, next }: Attack): Promise<void> {
  for (const verb of VERBS) {
    const { id } = next()
    const first = await target.send(post(target, `/approvals/${id}/${verb}`, { note: 'first' }))
    for (const again of Array.from({ length: REPLAYS }, (_, index) => VERBS[index % 2] ?? verb)) {
      await expectStatus(target, attempts, post(target, `/approvals/${id}/${again}`, { note: 'again' }), [409])
    }
    const { body } = await target.send({ ...post(target, `/approvals/${id}`), method: 'GET', body: null })
    attempts.count(body === first.body ? null : `a replay changed ${first.body} to ${body}`)
  }
  const { id } = next()
  const racing = Array.from({ length: REPLAYS }, (_, index) =>
    target.send(post(target, `/approvals/${id}/${VERBS[index % 2]}`, { note: String(index) })),
  )
  const statuses = (await Promise.all(racing)).map(({ status }) => status)
  const accepted = statuses.filter((status) => status === 200).length
  attempts.count(accepted === 1 ? null : `${accepted} of ${REPLAYS} simultaneous answers were accepted`)
}

/** A known id of a signal must not bring another signal. */
async function replaySignals({ runner, target, attempts }: Attack): Promise<void> {
  const id = randomUUID()
  const signal = { id, key: 'k', payload: { amount: 1 } }
  await expectStatus(target, attempts, post(target, '/signals/paid', signal), [201])
  for (let replay = 0; replay < REPLAYS; replay++) {
    await expectStatus(target, attempts, post(target, '/signals/paid', signal), [200])
  }
  for (const forged of [{ ...signal, payload: { amount: 2 } }, { ...signal, key: 'other' }, { id }]) {
    await expectStatus(target, attempts, post(target, '/signals/paid', forged), [422])
  }
  await expectStatus(target, attempts, post(target, '/signals/other', signal), [422])
  const stored = (await runner.signals.list({ limit: 1_000 })).filter((row) => row.id === id)
  attempts.count(stored.length === 1 ? null : `${stored.length} signals have the id of a replayed one`)
}

function post({ access: { host, token } }: RouteTarget, path: string, body: object = {}): RouteRequest {
  const credentials = token === null ? { origin: `http://${host}` } : { authorization: `Bearer ${token}` }
  return {
    method: 'POST',
    target: `/api/v1${path}`,
    headers: { host, 'content-type': 'application/json', ...credentials },
    body: JSON.stringify(body),
  }
}

async function expectStatus(
  target: RouteTarget,
  attempts: Attempts,
  request: RouteRequest,
  expected: readonly number[],
): Promise<void> {
  const { status, body } = await target.send(request)
  const shown = `${request.method} ${request.target} with ${request.body}: ${status} ${body.slice(0, 200)}`
  attempts.count(expected.includes(status) ? null : shown)
}

async function expectOpen(
  { runner, attempts }: Pick<Attack, 'runner' | 'attempts'>,
  id: string,
  what: string,
): Promise<void> {
  const { state, answer } = await runner.approvals.get(id)
  attempts.count(state === 'open' ? null : `${what} is ${state}: ${JSON.stringify(answer)}`)
}
