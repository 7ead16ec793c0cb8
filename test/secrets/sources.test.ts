/** Where the secrets of tasks come from: variables, and folders as Docker and Kubernetes mount them. */

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

describe('secrets in variables', () => {
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
    ['an object of texts has its fields', 'warehouse', { user: 'etl', password: 's3cret' }],
    ['any other text is the field value, to the letter', 'api_key', { value: 'k-1234567\n' }],
    ['a character that no variable can have stands as _', 'api-key', { value: 'k-1234567\n' }],
    ['the name may stand as it is', 'exact', { value: 'as it is' }],
    ['an object with other values is a text', 'port', { value: '{"port": 5432}' }],
    ['half an object is a text', 'broken', { value: '{"user": "etl", "pass' }],
  ])('%s', async (_, name, fields) => {
    expect(await ask(secrets, name)).toEqual({ kind: 'found', fields })
  })

  it.each(['', 'empty', 'nobody', 's'])('there is none of the name "%s"', async (name) => {
    expect(await ask(secrets, name)).toEqual({ kind: 'unknown', message: `secret not found: ${name}` })
  })

  it('are no misspelt settings, however short their names are', () => {
    const settings = loadSettings({ folder, environment: { CLOACA_SECRET_S: 'x', CLOACA_SECRETS: 'mounted' } })

    expect(settings.get('secrets')).toBe('mounted')
  })

  it('are no source where none is set', () => {
    expect(environmentSecrets({ CLOACA_SECRETS: '/run/secrets', CLOACA_SECRET_: 'x', PATH: '/bin' })).toBeNull()
  })
})

describe('secrets in files', () => {
  it('of Docker are files with one value, without the end of the line', async () => {
    write('token', 'abc def\n')
    write('windows', 'abc\r\n')
    write('two', 'abc\n\n')
    write('bare', '\ufeffabc')

    const found = await Promise.all(['token', 'windows', 'two', 'bare'].map((name) => ask(fileSecrets(folder), name)))

    const values = ['abc def', 'abc', 'abc\n', '\ufeffabc']
    expect(found).toEqual(values.map((value) => ({ kind: 'found', fields: { value } })))
  })

  it('of Kubernetes are folders of links to the version that counts', async () => {
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

  it('that are replaced count from then on', async () => {
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

  it('are those of the folder, and no others, whatever the name is', async () => {
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

  it('that are no texts, are too large or have lost their folder are the failure of the backend, which shows nothing of them', async () => {
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

describe('the source that counts', () => {
  const environment = { CLOACA_SECRET_TOKEN: 'of the environment' }

  it('is the environment before a folder, a function alone, and none where there is none', async () => {
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

  it('is not opened where its folder is missing, or is a file', () => {
    write('file', '')
    for (const path of [join(folder, 'missing'), join(folder, 'file')])
      expect(() => secretProvider(path, {})).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', facts: { path: 'secrets' } }),
      )
  })

  it('is asked for a task that runs, and for nobody else', async () => {
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

  it('that gives more than a mebibyte is refused, since it could not be hidden', async () => {
    const found = await ask(() => ({ one: 'x'.repeat(1_000_000), other: 'y'.repeat(100_000) }), 'token')

    expect(found).toMatchObject({ kind: 'failed', message: expect.stringContaining('may have at most 1048576') })
  })

  it.each([['a text'], [['list']], [{ port: 5432 }], [7], [{ nested: { value: 'x' } }]])(
    'that gives %j is broken, and says nothing of what it gave',
    async (found) => {
      expect(await ask(() => found as never, 'token')).toEqual({
        kind: 'failed',
        message: 'secret backend error: the fields of "token" must be an object of strings',
      })
    },
  )
})
