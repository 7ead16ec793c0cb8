/** Checks whether grants cover files, network addresses and variables. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isWithin, NetGrants, parseNetPlace } from '../../src/border/grants.ts'
import { resolveGrants, restrictedSettings } from '../../src/host/restriction/granted.ts'
import { restrictedFlags, restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Runner } from '../../src/index.ts'
import { FileGrants } from '../../src/interpreter/restriction/file-grants.ts'

let folder: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-grants-')))
  for (const each of ['in', 'in/deep', 'in-secret', 'out']) mkdirSync(join(folder, each))
  for (const each of ['in/a', 'in-secret/a', 'out/a', 'alone', 'alone-too']) writeFileSync(join(folder, each), '')
  symlinkSync(join(folder, 'out'), join(folder, 'in', 'leads-out'))
  symlinkSync(join(folder, 'in'), join(folder, 'leads-in'))
  symlinkSync(join(folder, 'out', 'none'), join(folder, 'in', 'leads-nowhere'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('files', () => {
  it.each([
    ['in', true],
    ['in/a', true],
    ['in/deep/none', true],
    ['in/none', true],
    ['leads-in/a', true],
    ['alone', true],
    ['in-secret/a', false],
    ['alone-too', false],
    ['out/a', false],
    ['in/../out/a', false],
    ['in/leads-out', false],
    ['in/leads-out/a', false],
    ['in/leads-out/none', false],
    ['in/leads-nowhere', false],
    ['in\0/../out/a', false],
    ['', false],
  ])('granted by the folder "in" and the file "alone" include %j: %s', (name, isGranted) => {
    const grants = new FileGrants(resolveGrants({ write: [join(folder, 'leads-in'), join(folder, 'alone')] }, []))

    expect(grants.mayWrite(join(folder, name))).toBe(isGranted)
    expect(grants.mayRead(join(folder, name))).toBe(isGranted)
  })

  it('granted for reading cannot be written', () => {
    const grants = new FileGrants(resolveGrants({ read: [join(folder, 'in')] }, []))

    expect([grants.mayRead(join(folder, 'in/a')), grants.mayWrite(join(folder, 'in/a'))]).toEqual([true, false])
  })

  it('are granted by the target of a symbolic link', () => {
    const { read } = resolveGrants({ read: [join(folder, 'leads-in')] }, [])

    expect(read).toEqual([{ named: join(folder, 'leads-in'), real: join(folder, 'in'), isFolder: true }])
    expect(isWithin(join(folder, 'in', 'a'), read)).toBe(true)
  })

  it.skipIf(restrictionProblem() !== null).each([
    ['read', 'none', 'does not exist'],
    ['write', 'none', 'does not exist'],
    ['read', '../../../../../../../../../../..', 'it is the root folder'],
  ] as const)('that cannot be granted for %s prevent the start: %s', async (kind, name, reason) => {
    const opening = Runner.open({ database: ':memory:', restrict: { [kind]: [join(folder, name)] } })

    await expect(opening).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(reason) })
  })
})

describe('the flags of a restricted Node', () => {
  const kept = { whole: [], modules: [], scriptModules: [] }

  it('contain each path once, and a wildcard for names with the same start, which Node confuses', () => {
    const granted = (name: string) => ({ named: name, real: name, isFolder: true })
    const read = ['/x/data', '/x/data-old', '/x/data/deep', '/x/other', '/x/other'].map(granted)

    const flags = restrictedFlags({ read, write: [granted('/y')], kept, net: [], ffi: false }, [])

    const told = flags.filter((flag) => /=\/[xy]/.test(flag))
    expect(told).toEqual([
      '--allow-fs-read=/y',
      '--allow-fs-read=/x/data*',
      '--allow-fs-read=/x/other',
      '--allow-fs-write=/y',
    ])
    expect(flags).not.toContain('--allow-net')
    expect(restrictedFlags({ read, write: [], kept, net: ['example.org'], ffi: false }, [])).toContain('--allow-net')
  })
})

describe('the network', () => {
  it.each([
    [['*'], 'anything', 1, true],
    [['*:443'], 'anything', 443, true],
    [['*:443'], 'anything', 80, false],
    [['example.org'], 'example.org', 80, true],
    [['example.org'], 'EXAMPLE.org.', 80, true],
    [['example.org:443'], 'example.org', 80, false],
    [['example.org'], 'sub.example.org', 80, false],
    [['example.org'], 'example.org.evil.net', 80, false],
    [['127.0.0.1:80'], '::ffff:127.0.0.1', 80, true],
    [['127.0.0.1'], '127.0.0.10', 80, false],
    [['[::1]:80'], '::1', 80, true],
    [['[::1]:80'], '0:0:0:0:0:0:0:1', 80, true],
    [['::1'], '::1%lo', 80, true],
    [['localhost'], '127.0.0.1', 80, false],
    [[], 'example.org', 80, false],
  ])('with the grants %j allows host %s, port %i: %s', (net, host, port, isGranted) => {
    expect(new NetGrants(net).allows(host, port)).toBe(isGranted)
  })

  it('allows the addresses of a granted name after its lookup, at the granted ports', () => {
    const net = new NetGrants(['example.org:443'])
    net.found('Example.org', ['192.0.2.7', '2001:db8::7'])
    net.found('other.org', ['192.0.2.8'])

    expect(net.allows('192.0.2.7', 443)).toBe(true)
    expect(net.allows('2001:DB8:0::7', 443)).toBe(true)
    expect(net.allows('192.0.2.7', 80)).toBe(false)
    expect(net.allows('192.0.2.8', 443)).toBe(false)
  })

  it('allows lookups of granted names only', () => {
    const net = new NetGrants(['example.org:443'])

    expect(['example.org', '192.0.2.7', 'secret.evil.net'].map((host) => net.allowsLookup(host))).toEqual([
      true,
      true,
      false,
    ])
  })

  it.each([
    '',
    'http://example.org',
    'example.org:',
    'example.org:0',
    'example.org:99999',
    'a b',
    '[example.org]:80',
    'user@host',
  ])('rejects the invalid grant %j', (place) => {
    expect(parseNetPlace(place)).toBeUndefined()
    expect(() => resolveGrants({ net: [place] }, [])).toThrow('--allow-net')
  })
})

it('the environment contains only the granted variables', { tags: ['proof'] }, () => {
  const settings = {
    environ: { LANG: 'C', SECRET: 'x', PYTHONPATH: '/a' },
    python: { environ: { PYTHONPATH: '/a', PYTHONWARNINGS: 'error' }, flags: {}, xOptions: [] },
    pythonPath: ['/a'],
    handedDescriptors: [7],
    bytecodeFolder: '/cache',
  }

  const restricted = restrictedSettings(settings as never, { env: ['LANG', 'MISSING'] })

  expect(restricted).toMatchObject({
    environ: { LANG: 'C' },
    pythonPath: [],
    handedDescriptors: [],
    bytecodeFolder: '',
  })
  expect(restricted.environ).toEqual({ LANG: 'C' })
  expect(restricted.python.environ).toEqual({ PYTHONDONTWRITEBYTECODE: '1' })
})
