/**
 * Attacks on the HTTP interface: requests to every documented route, with ids of other owners, and malformed bytes. The
 * servers are started here and listen on loopback. Each class ends after a fixed number of requests.
 */

import { OPERATIONS } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi/document.ts'
import { casesOf, encodedIdCases, foreignIdCases, type RouteCase } from '../../test/support/route-cases.ts'
import { routesOf } from '../../test/support/route-requests.ts'
import { addRows } from '../../test/support/route-rows.ts'
import { findingsOf, openTarget, ROUTE_TOKEN, type RouteTarget } from '../../test/support/route-targets.ts'
import { closeAttacked, DATABASES, type Database, openAttacked } from './attacked-runner.ts'
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

/** Matches answers that only admitted requests get: data, or a rejection by another rule than the access rules. */
const LET_IN = /"items"|cloaca_build_info|"code":"(?!TOKEN_REFUSED|HOST_REFUSED|ORIGIN_REFUSED)/

export const HTTP_ATTACKS: readonly AttackClass[] = DATABASES.flatMap((database) => [
  { name: `http: every route of the document, on ${database}`, run: (attempts) => attackRoutes(database, attempts) },
  { name: `http: foreign ids on every route, on ${database}`, run: (attempts) => attackIds(database, attempts) },
  { name: `http: malformed bytes, on ${database}`, run: (attempts) => attackBytes(database, attempts) },
])

async function attackRoutes(database: Database, attempts: Attempts): Promise<void> {
  using attacked = await openAttacked(database, addRows)
  for (const options of TARGETS) {
    await using target = await openTarget(attacked.runner, options)
    for (const route of ROUTES) {
      const cases = [...casesOf(route, target.access), ...encodedIdCases(route, target.access, attacked.own[0] ?? {})]
      await send(target, cases, attempts)
    }
  }
  await closeAttacked(attacked, attempts)
}

async function attackIds(database: Database, attempts: Attempts): Promise<void> {
  using attacked = await openAttacked(database, addRows)
  for (const token of [null, ROUTE_TOKEN]) {
    await using target = await openTarget(attacked.runner, { listensOn: '127.0.0.1', token })
    for (const route of WITH_IDS) await send(target, foreignIdCases(route, target.access, attacked.foreign), attempts)
  }
  await closeAttacked(attacked, attempts)
}

async function send(target: RouteTarget, cases: readonly RouteCase[], attempts: Attempts): Promise<void> {
  const findings = await findingsOf(target, cases)
  attempts.countBlocked(cases.length - findings.length)
  for (const finding of findings) attempts.count(finding)
}

/**
 * Sends bytes without the token. They must not read or change anything, and the next request must still get an answer.
 */
async function attackBytes(database: Database, attempts: Attempts): Promise<void> {
  using attacked = await openAttacked(database, addRows)
  await using target = await openTarget(attacked.runner, { listensOn: '127.0.0.1', token: ROUTE_TOKEN })
  const trigger = attacked.own[0]?.name ?? ''
  const countActions = async () => (await attacked.runner.actions.list({ limit: 10 })).length
  const actionsBefore = await countActions()
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
  const recorded = (await countActions()) - actionsBefore
  attempts.count(recorded === 0 ? null : `${recorded} actions were recorded without the token`)
  await closeAttacked(attacked, attempts)
}
