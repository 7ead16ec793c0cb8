import { describe, expect, it } from 'vitest'
import { maskedUrl } from '../../src/database/shown-url.ts'

describe('a database URL that is shown to people', () => {
  it.each([
    ['postgresql://u:secret@db/app', 'postgresql://u:…@db/app'],
    ['POSTGRES://u:secret@db:5432/app?sslmode=require', 'POSTGRES://u:…@db:5432/app?sslmode=require'],
    ['postgresql://u:s%2Fecret@[::1]:5432/app', 'postgresql://u:…@[::1]:5432/app'],
    ['postgresql://u:s/ec@ret@db/app', 'postgresql://u:…@db/app'],
    ['postgresql://u:12/secret@db/app', 'postgresql://u:…@db/app'],
    ['postgresql://u:se?cret@db/app', 'postgresql://u:…@db/app'],
    ['postgresql://u:se#cr:et@db/app', 'postgresql://u:…@db/app'],
    ['postgresql://u:secret', 'postgresql://u:…'],
    ['postgresql://u:secret/app', 'postgresql://u:…/app'],
    ['postgresql://:secret@/app', 'postgresql://:…@/app'],
    [' postgresql://u:secret@db/app', ' postgresql://u:…@db/app'],
    ['postgresql://db/app?user=u&password=secret&sslmode=x', 'postgresql://db/app?user=u&password=…&sslmode=x'],
    ['postgresql://db/app?SSLPASSWORD=secret', 'postgresql://db/app?SSLPASSWORD=…'],
    ['postgresql://u:secret@db/app?application_name=a@b', 'postgresql://u:…@db/app?application_name=a@b'],
    ['mysql://u:secret@db/app', 'mysql://u:…@db/app'],
  ])('contains no password: %s', { tags: ['proof'] }, (url, shown) => {
    expect(maskedUrl(url)).toBe(shown)
    expect(shown).not.toContain('secret')
  })

  it.each([
    'postgresql://u@db:5432/app',
    'postgresql://db:5432/app?application_name=a@b',
    'postgresql://[::1]:5432/app',
    'postgresql://[fe80::1]/app',
    'postgresql:///app?host=/run/postgresql',
    'sqlite://a:b@c.db',
    ':memory:',
    '/srv/a:b@c.db',
    '',
  ])('is unchanged if it contains no password: %s', (url) => {
    expect(maskedUrl(url)).toBe(url)
  })
})
