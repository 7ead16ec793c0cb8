/**
 * Attacks on each route of the OpenAPI document: without a token, with wrong tokens, with ids of another database, with
 * other spellings of the path, for other hosts, from other sites. The expected statuses follow from the document, so a
 * new route is attacked as soon as it is declared.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { OPERATIONS } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi/document.ts'
import { Runner } from '../../src/index.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { casesOf, encodedIdCases, foreignIdCases } from '../support/route-cases.ts'
import { type Route, routesOf } from '../support/route-requests.ts'
import { addRows, type RouteIds } from '../support/route-rows.ts'
import { findingsOf, openTarget, ROUTE_TOKEN, type RouteTarget } from '../support/route-targets.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const ROUTES = routesOf(openApiDocument(OPERATIONS, '/api/v1', ''))
const WITH_IDS = ROUTES.filter(({ path }) => path.includes('{'))
const TITLED = ROUTES.map((route) => [route.method, route.path, route] as const)

const TARGETS = [
  ['a server on loopback without a token', { listensOn: '127.0.0.1', token: null }],
  ['a server on loopback with a token', { listensOn: '127.0.0.1', token: ROUTE_TOKEN }],
  ['a server on all addresses', { listensOn: '0.0.0.0', token: ROUTE_TOKEN }],
  ['a handler without a token', { listensOn: null, token: null }],
  ['a handler with a token', { listensOn: null, token: ROUTE_TOKEN }],
] as const

/** Target whose tests do not wait for the night. */
const IN_GATE: (typeof TARGETS)[number][0] = 'a server on loopback with a token'

let folder: TemporaryFolder
let runner: Runner
let own: readonly RouteIds[]
let foreign: readonly RouteIds[]

beforeAll(async () => {
  folder = temporaryFolder()
  own = await rowsOf(folder.file('own.db'), 'own')
  foreign = await rowsOf(folder.file('foreign.db'), 'foreign')
  runner = await Runner.open({ database: folder.file('own.db'), durability: 'normal' })
})
afterAll(async () => {
  await runner.close()
  folder[Symbol.dispose]()
})

async function rowsOf(path: string, owner: string): Promise<readonly RouteIds[]> {
  const store = await openSqliteStore({
    path,
    durability: 'normal',
    clock: new SystemClock({ keepsProcessAlive: false }),
  })
  const ids = await addRows(store, owner)
  await store.close()
  return ids
}

for (const [title, options] of TARGETS) {
  describe(title, { tags: title === IN_GATE ? [] : ['night'] }, () => {
    let target: RouteTarget
    beforeAll(async () => {
      target = await openTarget(runner, options)
    })
    afterAll(() => target[Symbol.asyncDispose]())

    it.each(TITLED)('answers attacks on %s %s with the documented status', async (_method, _path, route: Route) => {
      const cases = [...casesOf(route, target.access), ...encodedIdCases(route, target.access, own[0] ?? {})]

      expect(cases.length).toBeGreaterThan(50)
      expect(await findingsOf(target, cases)).toEqual([])
    })
  })
}

describe('foreign ids', () => {
  it('are not found by any route if they belong to another database', { tags: ['proof'] }, async () => {
    await using target = await openTarget(runner, { listensOn: null, token: ROUTE_TOKEN })
    const reached = new Set<string>()
    for (const route of WITH_IDS.filter(({ method }) => method === 'GET')) {
      for (const { request } of foreignIdCases(route, target.access, own)) {
        if ((await target.send(request)).status === 200) reached.add(route.path)
      }
    }

    const cases = WITH_IDS.flatMap((route) => foreignIdCases(route, target.access, foreign))

    // With ids of the runner's own database, the same GET requests succeed.
    expect(
      WITH_IDS.filter(({ method, path }) => method === 'GET' && !reached.has(path)).map(({ path }) => path),
    ).toEqual([])
    expect(await findingsOf(target, cases)).toEqual([])
  })

  describe('on one PostgreSQL database', () => {
    let database: TemporaryDatabase
    beforeAll(async () => {
      database = await temporaryDatabase()
    })
    afterAll(async () => {
      for (const user of ['routes_a', 'routes_b']) {
        await administer(database.url, `DROP OWNED BY ${user} CASCADE; DROP ROLE ${user}`)
      }
      await database[Symbol.asyncDispose]()
    })

    it('are not found by any route if they belong to another tenant', { tags: ['proof'] }, async () => {
      const admin = new DatabaseAdmin(`postgresql://postgres@${database.place}`)
      const [tenant, other] = [
        await admin.createTenant({ schemaName: 'routes_a', username: 'routes_a' }),
        await admin.createTenant({ schemaName: 'routes_b', username: 'routes_b' }),
      ]
      const clock = new SystemClock({ keepsProcessAlive: false })
      const store = await openPostgresStore({
        url: other.connectionString,
        schema: null,
        readOnly: false,
        durability: 'normal',
        clock,
      })
      const ids = await addRows(store, 'other')
      await store.close()
      const tenantRunner = await Runner.open({ database: tenant.connectionString, durability: 'normal' })
      try {
        await using target = await openTarget(tenantRunner, { listensOn: null, token: ROUTE_TOKEN })
        const cases = WITH_IDS.flatMap((route) => foreignIdCases(route, target.access, [...ids, ...foreign]))

        expect(await findingsOf(target, cases)).toEqual([])
      } finally {
        await tenantRunner.close()
      }
    })
  })
})
