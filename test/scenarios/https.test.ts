/** Scripts and HTTPS: a script accepts and rejects the same certificates as in CPython, and can read them. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from '../support/run-script.ts'
import { type CertificateWish, TestAuthority } from '../support/test-authority.ts'
import { testedPythonCan } from '../support/test-python.ts'

interface Found {
  readonly [server: string]: { readonly trusting: string; readonly default: string; readonly unchecked: string }
}

const folder = mkdtempSync(join(tmpdir(), 'cloaca-https-'))
const servers: Server[] = []
let found: Found
let facts: Record<string, unknown>

beforeAll(async () => {
  const authority = await TestAuthority.make(folder)
  const serve = async (wish: CertificateWish, options: TlsOptions = {}) => {
    const { cert, key } = await authority.certificate(wish)
    const server = createServer({ cert, key, ...options }, (_request, response) => response.end('hello'))
    servers.push(server)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return (server.address() as AddressInfo).port
  }
  const ports = {
    good: await serve({ addresses: ['127.0.0.1'] }),
    otherHost: await serve({ names: ['other.example'] }),
    expired: await serve({ toDay: -0.5 }),
    early: await serve({ fromDay: 1 }),
    selfSigned: await serve({ isSelfSigned: true }),
    strict: await serve({ hasNoAuthorityKey: true }),
    clients: await serve({}, { requestCert: true, rejectUnauthorized: true, ca: authority.ca }),
  }
  const client = await authority.certificate({ isForClients: true, names: ['a client'] })
  const run = await runScript('https_client.py', {
    args: [JSON.stringify(ports)],
    env: { TEST_CA: authority.caPath, TEST_CERT: client.certPath, TEST_KEY: client.keyPath },
  })
  expect(run.stderr).toBe('')
  facts = JSON.parse(run.stdout)
  found = facts as unknown as Found
}, 120_000)

afterAll(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

const UNKNOWN = 'URLError refused: unable to get local issuer certificate'

describe('a script that opens an HTTPS URL', () => {
  it('receives a page from a server with a trusted authority, by name and by address', () => {
    expect(found.good?.trusting).toBe('hello')
    expect(facts['by address']).toBe('hello')
  })

  it('rejects a certificate of an untrusted authority', () => {
    expect(found.good?.default).toBe(UNKNOWN)
  })

  it('rejects a certificate for another host', () => {
    expect(found.otherHost?.trusting).toBe(
      "URLError refused: Hostname mismatch, certificate is not valid for 'localhost'.",
    )
  })

  it('rejects a certificate that has expired or is not yet valid', () => {
    expect(found.expired?.trusting).toBe('URLError refused: certificate has expired')
    expect(found.early?.trusting).toBe('URLError refused: certificate is not yet valid')
  })

  it('rejects a self-signed certificate, with and without a trusted authority', () => {
    expect(found.selfSigned?.trusting).toBe('URLError refused: self-signed certificate')
    expect(found.selfSigned?.default).toBe('URLError refused: self-signed certificate')
  })

  // Python 3.13 and newer check certificates strictly by default.
  const isStrict = testedPythonCan(
    'import ssl; ssl.create_default_context().verify_flags & ssl.VERIFY_X509_STRICT or exit(1)',
  )

  it('rejects a certificate without an authority key identifier from Python 3.13 on', () => {
    expect(found.strict?.trusting).toBe(isStrict ? 'URLError refused: Missing Authority Key Identifier' : 'hello')
  })

  it('accepts any certificate when verification is turned off', () => {
    const names = ['good', 'otherHost', 'expired', 'early', 'selfSigned', 'strict']

    expect(names.map((name) => found[name]?.unchecked)).toEqual(names.map(() => 'hello'))
  })

  it('sends its certificate to a server that requires one, and gets an error without a certificate', () => {
    expect(facts['with certificate']).toBe('hello')
    expect(found.clients?.trusting).toMatch(/SSLError TLSV13_ALERT_CERTIFICATE_REQUIRED$/)
  })

  it('trusts the file that SSL_CERT_FILE names', () => {
    expect(facts.SSL_CERT_FILE).toBe('hello')
  })

  it('can read the TLS version, the cipher and the certificate of the peer', () => {
    expect(facts.peer).toEqual({
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      subject: { commonName: 'localhost', organizationName: 'cloaca' },
      names: [
        ['DNS', 'localhost'],
        ['IP Address', '127.0.0.1'],
      ],
      is_der: true,
    })
  })

  it('receives a page over the streams of asyncio', () => {
    expect(facts.asyncio).toBe('hello')
  })
})
