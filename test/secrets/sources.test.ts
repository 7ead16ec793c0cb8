/** Sources of the secrets of tasks: environment variables, and folders as Docker and Kubernetes mount them. */

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentSecrets } from '../../src/secrets/environment-secrets.ts'
import { fileSecrets } from '../../src/secrets/file-secrets.ts'
import type { SecretProvider } from '../../src/secrets/provider.ts'
import { askForSecret, secretProvider } from '../../src/secrets/secret-source.ts'
import { loadSettings } from '../../src/settings/settings.ts'

const TASK = { workflow: 'load', executionId: '5b9debd0-9f16-4377-92a6-fb934363d2ed', taskId: 'fetch' }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, content: string | Uint8Array): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

const ask = (provider: SecretProvider | null, name: string) => askForSecret(provider, name, TASK)

describe('secrets in environment variables', () => {
  const secrets = environmentSecrets({
    CLOACA_SECRET_WAREHOUSE: '{"user": "etl", "password": "s3cret"}',
    CLOACA_SECRET_API_KEY: 'k-1234567\n',
    CLOACA_SECRET_exact: 'as it is',
    CLOACA_SECRET_PORT: '{"port": 5432}',
    CLOACA_SECRET_BROKEN: '{"user": "etl", "pass',
    CLOACA_SECRET_EMPTY: '',
    CLOACA_SECRETS: '/run/secrets',
  })

  it.each([
    ['a JSON object of strings is returned with its fields', 'warehouse', { user: 'etl', password: 's3cret' }],
    ['any other text is returned unchanged in the field "value"', 'api_key', { value: 'k-1234567\n' }],
    ['a character that is invalid in a variable is written as _', 'api-key', { value: 'k-1234567\n' }],
    ['the variable may contain the exact name of the secret', 'exact', { value: 'as it is' }],
    ['a JSON object with other values is returned as text', 'port', { value: '{"port": 5432}' }],
    ['an incomplete JSON object is returned as text', 'broken', { value: '{"user": "etl", "pass' }],
  ])('%s', async (_, name, fields) => {
    expect(await ask(secrets, name)).toEqual({ kind: 'found', fields })
  })

  it.each(['', 'empty', 'nobody', 's'])('a secret of the name "%s" is not found', async (name) => {
    expect(await ask(secrets, name)).toEqual({ kind: 'unknown', message: `secret not found: ${name}` })
  })

  it('are not mistaken for misspelt settings, even with short names', () => {
    const settings = loadSettings({ folder, environment: { CLOACA_SECRET_S: 'x', CLOACA_SECRETS: 'mounted' } })

    expect(settings.get('secrets')).toBe('mounted')
  })

  it('are not a source if no secret is set', () => {
    expect(environmentSecrets({ CLOACA_SECRETS: '/run/secrets', CLOACA_SECRET_: 'x', PATH: '/bin' })).toBeNull()
  })
})

describe('secrets in files', () => {
  it('are read from files of Docker with one value, without the line end', async () => {
    write('token', 'abc def\n')
    write('windows', 'abc\r\n')
    write('two', 'abc\n\n')
    write('bare', '\ufeffabc')

    const found = await Promise.all(['token', 'windows', 'two', 'bare'].map((name) => ask(fileSecrets(folder), name)))

    const values = ['abc def', 'abc', 'abc\n', '\ufeffabc']
    expect(found).toEqual(values.map((value) => ({ kind: 'found', fields: { value } })))
  })

  it('are read from folders of Kubernetes, which link to the current version', async () => {
    write('warehouse/..2026_01/user', 'etl')
    write('warehouse/..2026_01/password', 's3cret')
    write('warehouse/..2026_01/.config', '{}')
    symlinkSync('..2026_01', join(folder, 'warehouse/..data'))
    for (const name of ['user', 'password', '.config']) symlinkSync(`..data/${name}`, join(folder, 'warehouse', name))

    expect(await ask(fileSecrets(folder), 'warehouse')).toEqual({
      kind: 'found',
      fields: { user: 'etl', password: 's3cret', '.config': '{}' },
    })
  })

  it('are read again after a replacement', async () => {
    const secrets = fileSecrets(folder)
    write('warehouse/..1/password', 'first')
    symlinkSync('..1', join(folder, 'warehouse/..data'))
    const before = await ask(secrets, 'warehouse')
    write('warehouse/..2/password', 'second')
    symlinkSync('..2', join(folder, 'warehouse/..new'))
    renameSync(join(folder, 'warehouse/..new'), join(folder, 'warehouse/..data'))
    rmSync(join(folder, 'warehouse/..1'), { recursive: true })

    const after = await ask(secrets, 'warehouse')

    expect([before, after]).toMatchObject([{ fields: { password: 'first' } }, { fields: { password: 'second' } }])
  })

  it('are never read from outside their folder, for any name', { tags: ['proof'] }, async () => {
    write('inside/token', 'abc')
    write('beside', 'not yours')
    symlinkSync('inside', join(folder, 'inside/..data'))
    const secrets = fileSecrets(join(folder, 'inside'))
    const names = [
      '../beside',
      '..',
      '.',
      '',
      '..data',
      '../inside/token',
      './token',
      '/etc/hostname',
      'token\0',
      'x'.repeat(300),
    ]

    const found = await Promise.all(names.map((name) => ask(secrets, name)))

    expect(found.map(({ kind }) => kind)).toEqual(names.map(() => 'unknown'))
    expect(await ask(secrets, 'token')).toMatchObject({ kind: 'found' })
  })

  it('cause an error without their content if they are binary, too large or no longer mounted', async () => {
    write('binary', Uint8Array.from([0x73, 0x33, 0xff]))
    write('large', '')
    truncateSync(join(folder, 'large'), 2_000_000)
    const [binary, large, gone] = await Promise.all([
      ask(fileSecrets(folder), 'binary'),
      ask(fileSecrets(folder), 'large'),
      ask(fileSecrets(join(folder, 'gone')), 'token'),
    ])

    expect([binary, large, gone].map(({ kind }) => kind)).toEqual(['failed', 'failed', 'failed'])
    expect(binary).toMatchObject({ message: `secret backend error: "${join(folder, 'binary')}" is not UTF-8 text` })
    expect(large).toMatchObject({ message: expect.stringContaining('may have at most 1048576') })
    expect(gone).toMatchObject({ message: expect.stringContaining('ENOENT') })
  })
})

describe('the source of secrets', () => {
  const environment = { CLOACA_SECRET_TOKEN: 'of the environment' }

  it('is a function alone, or the environment before the folder, or not configured', async () => {
    write('token', 'of the folder')
    write('other', 'of the folder')
    const both = secretProvider(folder, environment)
    const own = secretProvider((name) => ({ value: `of the function: ${name}` }), environment)

    expect(await Promise.all([ask(both, 'token'), ask(both, 'other'), ask(both, 'none')])).toMatchObject([
      { fields: { value: 'of the environment' } },
      { fields: { value: 'of the folder' } },
      { kind: 'unknown' },
    ])
    expect(await ask(own, 'token')).toMatchObject({ fields: { value: 'of the function: token' } })
    for (const none of [secretProvider(undefined, {}), secretProvider(null, environment)])
      expect(await ask(none, 'token')).toEqual({ kind: 'notConfigured', message: 'secrets backend not configured' })
  })

  it('is rejected if its folder is missing or is a file', () => {
    write('file', '')
    for (const path of [join(folder, 'missing'), join(folder, 'file')])
      expect(() => secretProvider(path, {})).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', facts: { path: 'secrets' } }),
      )
  })

  it('is called for running tasks only', { tags: ['proof'] }, async () => {
    const asked: unknown[] = []
    const provider: SecretProvider = (name, request) => {
      asked.push([name, request])
      return { value: 'x' }
    }

    const refused = await askForSecret(provider, 'token', null)
    await askForSecret(provider, 'token', TASK)

    expect(refused).toMatchObject({ kind: 'failed', message: expect.stringMatching(/^secret backend error: /) })
    expect(asked).toEqual([['token', TASK]])
  })

  it('causes an error if it returns more than 1 MiB, which would be too large to hide in logs', async () => {
    const found = await ask(() => ({ one: 'x'.repeat(1_000_000), other: 'y'.repeat(100_000) }), 'token')

    expect(found).toMatchObject({ kind: 'failed', message: expect.stringContaining('may have at most 1048576') })
  })

  it.each([['a text'], [['list']], [{ port: 5432 }], [7], [{ nested: { value: 'x' } }]])(
    'causes an error without the returned value if it returns %j',
    async (found) => {
      expect(await ask(() => found as never, 'token')).toEqual({
        kind: 'failed',
        message: 'secret backend error: the fields of "token" must be an object of strings',
      })
    },
  )
})
