/** Parsing of PostgreSQL URLs for the store and for the administration of tenants, without a connection. */

import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { postgresAddress } from '../../src/store/postgres/session/address.ts'
import { adminUrl } from '../../src/tenants/admin-url.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'

function thrownBy(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

describe('the URL of an administrator', () => {
  it.each([
    [
      'postgresql://db/app',
      { user: undefined, password: undefined, host: 'db', port: 5432, database: 'app', place: 'db:5432/app' },
    ],
    ['postgres:///app', { host: 'localhost', port: 5432, place: 'localhost:5432/app' }],
    ['POSTGRES://root@/app', { user: 'root', host: 'localhost', place: 'localhost:5432/app' }],
    ['postgresql://:5433/app', { host: 'localhost', port: 5433 }],
    [
      'postgresql://u:p%2F%40%25%C3%A9@db:5433/my%20app',
      { password: 'p/@%é', database: 'my app', place: 'db:5433/my%20app' },
    ],
    ['postgresql://u:p@[::1]:5433/app', { host: '::1', place: '[::1]:5433/app' }],
    ['postgresql://u@%2FRun%2Fpg/app', { host: '/Run/pg', place: '%2FRun%2Fpg:5432/app' }],
    ['postgresql://u:p@db/app?host=elsewhere&port=1&sslmode=require', { host: 'db', port: 5432, database: 'app' }],
  ])('%s is parsed with defaults for missing parts, and without its query parameters', (url, parts) => {
    const { config, place } = adminUrl(url)

    expect({ ...config, place }).toMatchObject(parts)
  })

  it.each([
    ['mysql://u:marker@db/app', 'DatabaseAdmin requires a PostgreSQL connection'],
    ['sqlite://a.db', 'DatabaseAdmin requires a PostgreSQL connection'],
    ['postgresql://u:marker@db:port/app', 'Invalid database URL'],
    ['postgresql://u:marker%@db/app', 'Invalid database URL'],
    ['postgresql://u:marker/x@db/app', 'Invalid database URL'],
    ['postgresql://u:marker@[::1/app', 'Invalid database URL'],
    ['postgresql://u:marker@db', 'Database name is required in URL path'],
    ['postgresql://u:marker@db/?x=y', 'Database name is required in URL path'],
  ])('%s is rejected without connecting, and the error does not show the password', (url, reason) => {
    const error = thrownBy(() => new DatabaseAdmin(url))

    expect(error).toMatchObject({ code: 'INVALID_DATABASE_URL', facts: { reason } })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('marker')
  })
})

describe('the URL of a store', () => {
  it('is rejected with an error code if malformed, and the error does not show the password', {
    tags: ['proof'],
  }, () => {
    const error = thrownBy(() => postgresAddress('postgresql://u:marker/x@db/app'))

    expect(error).toMatchObject({ code: 'INVALID_DATABASE_URL' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('marker')
  })

  it('is rejected if its certificate file is missing, and the error names that file', () => {
    const error = thrownBy(() => postgresAddress('postgresql://u:marker@db/app?sslrootcert=/no/such/ca.pem'))

    expect(error).toMatchObject({ message: expect.stringContaining('/no/such/ca.pem') })
  })
})
