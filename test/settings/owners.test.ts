/** Owner and mode of settings files. Files that others can change are rejected; readable secrets cause a warning. */

import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadSettings } from '../../src/settings/settings.ts'
import { Terminal } from '../support/cloaca-process.ts'

const isRoot = process.getuid?.() === 0

interface Owned {
  readonly name?: string
  readonly text?: string
  readonly mode?: number
  readonly user?: number
  readonly group?: number
}

/** Loads the settings of a folder with this file. Returns the settings, or the code and message of the error. */
async function loaded({ name = 'cloaca.toml', text = 'grace = "2s"\n', mode = 0o600, user, group }: Owned) {
  await using terminal = new Terminal()
  const path = terminal.write(name, '')
  writeFileSync(path, text)
  chmodSync(path, mode)
  if (user !== undefined || group !== undefined) chownSync(path, user ?? 0, group ?? 0)
  try {
    const settings = loadSettings({ folder: terminal.folder, environment: {} })
    return { grace: settings.get('grace'), warnings: settings.warnings, refusal: '' }
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string }
    return { code, refusal: message.replace(`${terminal.folder}/`, '') }
  }
}

const MANIFEST = { name: 'package.json', text: '{ "cloaca": { "grace": "2s" } }' }

it.each<[string, Owned]>([
  ['that only their owner can read', {}],
  ['that others can read', { mode: 0o644 }],
  ['that the group of their owner can change', { mode: 0o664 }],
  ['in package.json', MANIFEST],
])('settings %s are used', async (_, owned) => {
  expect(await loaded(owned)).toEqual({ grace: 2_000, warnings: [], refusal: '' })
})

it.each<[string, Owned, string]>([
  ['all users can change', { mode: 0o666 }, 'all users can write to it (owner '],
  ['all users can change in package.json', { ...MANIFEST, mode: 0o606 }, 'all users can write to it (owner '],
])('settings that %s are rejected with their owner and a chmod command', async (_, owned, reason) => {
  const { code, refusal } = await loaded(owned)
  const name = owned.name ?? 'cloaca.toml'

  expect(code).toBe('INVALID_SETTINGS')
  expect(refusal).toContain(`Settings file "${name}" is not trusted: ${reason}`)
  expect(refusal).toContain(`chmod o-w "${name}"`)
})

it.runIf(isRoot).each<[string, Owned, string]>([
  ['belong to another user', { user: 1_001 }, 'user 1001 owns it (mode 0600), and cloaca runs as user 0.'],
  ['belong to another user in package.json', { ...MANIFEST, user: 1_001 }, 'user 1001 owns it (mode 0600)'],
  ['another group can change', { mode: 0o660, group: 1_005 }, 'group 1005 can write to it (owner 0, mode 0660).'],
])('settings that %s are rejected', async (_, owned, reason) => {
  expect(await loaded(owned)).toMatchObject({ code: 'INVALID_SETTINGS', refusal: expect.stringContaining(reason) })
})

it.runIf(isRoot)('a package.json of another user is ignored if it has no settings of cloaca', async () => {
  const owned = { name: 'package.json', text: '{ "dependencies": { "cloaca": "1" } }', user: 1_001, mode: 0o666 }

  expect(await loaded(owned)).toMatchObject({ grace: 30_000, refusal: '' })
})

const RECEIVER = ['"alerts.receiver"']
const PUBLIC_RECEIVERS = `
http.public-url = "https://jobs.example.com/cloaca/"
alerts.command = ["notify", "user@a.example"]
[alerts.receiver.page]
command = "python3 page.py --to https://a.example/@b"
[alerts.receiver.collector]
url = "http://127.0.0.1:9000"
`

it.each<[string, Owned, readonly string[]]>([
  ['a secret that others can read', { mode: 0o644, text: 'alerts.secret = "x"\ngrace = "2s"\n' }, ['"alerts.secret"']],
  [
    'a password in a URL that others can read',
    { mode: 0o604, text: 'database = "postgresql://a:b@c/d"\ngrace = "2s"\n' },
    ['"database"'],
  ],
  ...[
    ['the secret of a receiver', 'url = "https://a.example"\nsecret = "x"'],
    ['the path in the URL of a receiver', 'url = "https://a.example/T0P"'],
    ['a password in the command of a receiver', 'command = ["curl", "https://ada:x@a.example"]'],
  ].map(([name, text]): [string, Owned, readonly string[]] => {
    return [`${name} that others can read`, { mode: 0o644, text: `[alerts.receiver.a]\n${text}\n` }, RECEIVER]
  }),
  [
    'a password in a command that others can read',
    { mode: 0o644, text: 'alerts.command = "curl https://:x@a.example"\n' },
    ['"alerts.command"'],
  ],
  ['receivers without a secret', { mode: 0o644, text: PUBLIC_RECEIVERS }, []],
  ['a secret that only its owner can read', { text: 'alerts.secret = "x"\ngrace = "2s"\n' }, []],
  ['a file without a secret', { mode: 0o644, text: 'database = "postgresql://a@c/d"\ngrace = "2s"\n' }, []],
])('a warning names each secret that other users can read: %s', async (_, owned, keys) => {
  const { warnings = [] } = await loaded(owned)

  expect(warnings).toHaveLength(keys.length)
  for (const [index, key] of keys.entries()) {
    expect(warnings[index]).toContain(`"cloaca.toml" contains a secret (${key}), but other users can read it (mode 06`)
    expect(warnings[index]).toContain('chmod 600 "cloaca.toml"')
  }
})

it.each([['config'], ['run', '-c', 'print()']])('command "%s" prints the warning about a secret', async (...words) => {
  await using terminal = new Terminal()
  chmodSync(terminal.write('cloaca.toml', 'alerts.secret = "hidden"\n'), 0o644)

  const { stderr } = await terminal.run(words)

  expect(stderr).toContain(
    'cloaca: "cloaca.toml" contains a secret ("alerts.secret"), but other users can read it (mode 0644)',
  )
  expect(stderr).not.toContain('hidden')
})
