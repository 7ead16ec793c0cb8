/**
 * Attacks on the HTTP interface: on every route of its document, with ids of others, and with bytes that no client sends. The servers are
 * started here and listen on loopback; each class ends after a fixed number of requests.
 */

import { SystemClock } from '../../src/engine/clock.ts'
import { OPERATIONS } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi/document.ts'
import { type LogLine, Runner } from '../../src/index.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { casesOf, encodedIdCases, foreignIdCases, type RouteCase } from '../../test/support/route-cases.ts'
import { routesOf } from '../../test/support/route-requests.ts'
import { addRows, type RouteIds } from '../../test/support/route-rows.ts'
import { findingsOf, openTarget, ROUTE_TOKEN, type RouteTarget } from '../../test/support/route-targets.ts'
import { temporaryFolder } from '../../test/support/store-sites.ts'
import { Attacked } from './attacked-server.ts'
import { bytesToSend } from './http-bytes.ts'
import type { AttackClass, Attempts } from './report.ts'

const ROUTES = routesOf(openApiDocument(OPERATIONS, '/api/v1', ''))
const WITH_IDS = ROUTES.filter(({ path }) => path.includes('{'))
const TARGETS = [
  { listensOn: '127.0.0.1', token: null },
  { listensOn: '127.0.0.1', token: ROUTE_TOKEN },
  { listensOn: null, token: null },
  { listensOn: null, token: ROUTE_TOKEN },
] as const

/** Matches answers that only admitted requests get: data, or a refusal that is not one of the access rules. */
const LET_IN = /"items"|cloaca_build_info|"code":"(?!TOKEN_REFUSED|HOST_REFUSED|ORIGIN_REFUSED)/

type Database = 'SQLite' | 'PostgreSQL'

/** A runner on a database with rows of its own, and ids of rows of another database, or of another tenant. */
interface AttackedRunner extends Disposable {
  readonly runner: Runner
  readonly log: readonly LogLine[]
  readonly own: readonly RouteIds[]
  readonly foreign: readonly RouteIds[]
}

export const HTTP_ATTACKS: readonly AttackClass[] = (['SQLite', 'PostgreSQL'] as const).flatMap((database) => [
  { name: `http: every route of the document, on ${database}`, run: (attempts) => attackRoutes(database, attempts) },
  { name: `http: ids of others on every route, on ${database}`, run: (attempts) => attackIds(database, attempts) },
  { name: `http: bytes that no client sends, on ${database}`, run: (attempts) => attackBytes(database, attempts) },
])

async function attackRoutes(database: Database, attempts: Attempts): Promise<void> {
  using attacked = await open(database)
  for (const options of TARGETS) {
    await using target = await openTarget(attacked.runner, options)
    for (const route of ROUTES) {
      const cases = [...casesOf(route, target.access), ...encodedIdCases(route, target.access, attacked.own[0] ?? {})]
      await send(target, cases, attempts)
    }
  }
  await close(attacked, attempts)
}

async function attackIds(database: Database, attempts: Attempts): Promise<void> {
  using attacked = await open(database)
  for (const token of [null, ROUTE_TOKEN]) {
    await using target = await openTarget(attacked.runner, { listensOn: '127.0.0.1', token })
    for (const route of WITH_IDS) await send(target, foreignIdCases(route, target.access, attacked.foreign), attempts)
  }
  await close(attacked, attempts)
}

async function send(target: RouteTarget, cases: readonly RouteCase[], attempts: Attempts): Promise<void> {
  const findings = await findingsOf(target, cases)
  attempts.countBlocked(cases.length - findings.length)
  for (const finding of findings) attempts.count(finding)
}

/** Sends bytes without the token. None of them may read or change anything, or keep the next request from an answer. */
async function attackBytes(database: Database, attempts: Attempts): Promise<void> {
  using attacked = await open(database)
  await using target = await openTarget(attacked.runner, { listensOn: '127.0.0.1', token: ROUTE_TOKEN })
  const trigger = attacked.own[0]?.name ?? ''
  for (const { name, bytes } of bytesToSend(target.access.host, trigger)) {
    const answer = await target.sendBytes(bytes)
    const { isEnabled } = await attacked.runner.triggers.get(trigger)
    attempts.count(isEnabled && !LET_IN.test(answer) ? null : `${name}: ${answer.slice(0, 200)}`)
    const { status } = await target.send({
      method: 'GET',
      target: '/healthz',
      headers: { host: target.access.host },
      body: null,
    })
    if (status !== 200) attempts.count(`${name}: the next request got ${status}`)
  }
  const actions = await attacked.runner.actions.list({ limit: 10 })
  attempts.count(actions.length === 0 ? null : `${actions.length} actions were recorded without the token`)
  await close(attacked, attempts)
}

/** A request that fails by an error of the server, and not by one of the client, is a finding. */
async function close({ runner, log }: AttackedRunner, attempts: Attempts): Promise<void> {
  await runner.close()
  const failed = log.filter(({ message }) => message.includes('HTTP request failed'))
  for (const { message } of failed) attempts.count(`the log has: ${message.slice(0, 200)}`)
}

async function open(database: Database): Promise<AttackedRunner> {
  const log: LogLine[] = []
  const runnerOn = (url: string) =>
    Runner.open({ database: url, durability: 'normal', log: (line) => void log.push(line) })
  const clock = new SystemClock({ keepsProcessAlive: false })
  if (database === 'SQLite') {
    const folder = temporaryFolder()
    const rowsIn = async (owner: string): Promise<readonly RouteIds[]> => {
      const store = await openSqliteStore({ path: folder.file(`${owner}.db`), durability: 'normal', clock })
      const ids = await addRows(store, owner)
      await store.close()
      return ids
    }
    const [own, foreign] = [await rowsIn('own'), await rowsIn('foreign')]
    const runner = await runnerOn(folder.file('own.db'))
    return { runner, log, own, foreign, [Symbol.dispose]: () => folder[Symbol.dispose]() }
  }
  const attacked = await Attacked.start()
  const tenantWith = async (owner: string) => {
    const { connectionString: url } = await attacked.admin.createTenant({ schemaName: owner, username: `${owner}_u` })
    const store = await openPostgresStore({ url, schema: null, readOnly: false, durability: 'normal', clock })
    const ids = await addRows(store, owner)
    await store.close()
    return { url, ids }
  }
  const [own, foreign] = [await tenantWith('own'), await tenantWith('foreign_t')]
  const runner = await runnerOn(own.url)
  return { runner, log, own: own.ids, foreign: foreign.ids, [Symbol.dispose]: () => attacked[Symbol.dispose]() }
}
