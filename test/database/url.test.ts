import { describe, expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../src/database/url.ts'
import { UsageError } from '../../src/errors.ts'

describe('database URLs', () => {
  test.each([
    ['sqlite://jobs.db', 'jobs.db'],
    ['sqlite://./d/jobs.db', './d/jobs.db'],
    ['sqlite://../jobs.db', '../jobs.db'],
    ['sqlite:////srv/jobs.db', '/srv/jobs.db'],
    ['sqlite:///srv/jobs.db', '/srv/jobs.db'],
    ['sqlite://jobs', 'jobs'],
    ['SQLITE://Jobs.db', 'Jobs.db'],
    ['sqlite://jobs.db?mode=rwc&cache=shared', 'jobs.db'],
    ['sqlite:///C:/srv/jobs.db', 'C:/srv/jobs.db'],
    ['/srv/jobs', '/srv/jobs'],
    ['./jobs', './jobs'],
    ['../jobs', '../jobs'],
    ['jobs.db', 'jobs.db'],
    ['data/jobs.sqlite', 'data/jobs.sqlite'],
    ['jobs.sqlite3', 'jobs.sqlite3'],
    ['C:\\srv\\jobs.db', 'C:\\srv\\jobs.db'],
    ['/srv/what?.db', '/srv/what?.db'],
    ['file:jobs.db', 'jobs.db'],
    ['file:/srv/jobs.db', '/srv/jobs.db'],
    ['file:///srv/jobs.db', '/srv/jobs.db'],
    ['file://localhost/srv/jobs.db', '/srv/jobs.db'],
    ['file:my%20jobs.db', 'my jobs.db'],
    ['file:///srv/my%20jobs.db?cache=private&mode=rwc', '/srv/my jobs.db'],
  ])('"%s" is the database file "%s"', (url, path) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', path })
  })

  test.each([
    'postgres://db/app',
    'postgresql://user:secret@db:5432/app?sslmode=require',
    'POSTGRESQL://user@/app?host=/run/postgresql',
  ])('"%s" is a database of a PostgreSQL server', (url) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'postgres', url })
  })

  test.each([
    ':memory:',
    'sqlite://:memory:',
    'sqlite:///:memory:',
    'sqlite://:memory:?cache=shared',
    'file::memory:',
    'file::memory:?cache=shared',
    'file:name?mode=memory',
  ])('"%s" is a private database in memory', (url) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', path: ':memory:' })
  })

  test.each([
    '',
    '   ',
    'foo',
    'sqlite',
    'sqlite:jobs.db',
    'sqlite://',
    'sqlite:///',
    'sqlite://?mode=rwc',
    'mysql://host/jobs',
    'mysql://host/jobs.db',
    'http://host/jobs.db',
    'file:',
    'file://host/srv/jobs.db',
    'file:%ZZ',
    'file:jobs.db?mode=ro',
    'file:jobs.db?immutable=1',
    'file:jobs.db?vfs=unix-none',
  ])('"%s" is refused', (url) => {
    expect(refusal(url)).toMatchObject({ code: 'INVALID_DATABASE_URL' })
  })

  test('the error names the rejected URL and the accepted forms', () => {
    expect(refusal('foo').message).toContain('"foo"')
    expect(refusal('foo').message).toContain('sqlite://')
    expect(refusal('foo').message).toContain('postgresql://')
  })

  test('the error does not contain the password of the URL', { tags: ['proof'] }, () => {
    const { message } = refusal('mysql://me:hunter2@host/jobs')

    expect(message).not.toContain('hunter2')
    expect(message).toContain('mysql://me:…@host/jobs')
  })
})

function refusal(url: string): UsageError {
  try {
    parseDatabaseUrl(url)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error(`"${url}" was accepted`)
}
