/**
 * Certificate authority for one test. It creates valid and invalid certificates for servers and clients, as files in a
 * folder of the test. Times are days from now.
 */

import { webcrypto } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import 'reflect-metadata' // required by @peculiar/x509
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

export interface CertificateFiles {
  /** Certificate as PEM text. */
  readonly cert: string
  readonly key: string
  readonly certPath: string
  readonly keyPath: string
}

export interface CertificateWish {
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  readonly fromDay?: number
  readonly toDay?: number
  readonly isSelfSigned?: boolean
  readonly isForClients?: boolean
  /** Omits the authority key identifier, which CPython requires since 3.13. */
  readonly hasNoAuthorityKey?: boolean
}

export class TestAuthority {
  readonly #folder: string
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #certificate: x509.X509Certificate
  /** Path of the authority's own certificate. */
  readonly caPath: string
  readonly ca: string
  #count = 0

  private constructor(folder: string, keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#folder = folder
    this.#keys = keys
    this.#certificate = certificate
    this.ca = certificate.toString('pem')
    this.caPath = join(folder, 'ca.pem')
    mkdirSync(folder, { recursive: true })
    writeFileSync(this.caPath, this.ca)
  }

  static async make(folder: string): Promise<TestAuthority> {
    x509.cryptoProvider.set(webcrypto as Crypto)
    const keys = await newKeys()
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: 'CN=cloaca test authority',
      notBefore: day(-1),
      notAfter: day(30),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return new TestAuthority(folder, keys, certificate)
  }

  async certificate(wish: CertificateWish): Promise<CertificateFiles> {
    const keys = await newKeys()
    const names = wish.names ?? ['localhost']
    const alternatives: { type: 'dns' | 'ip'; value: string }[] = [
      ...names.map((value) => ({ type: 'dns' as const, value })),
      ...(wish.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ]
    const usage = wish.isForClients === true ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth
    const extensions: x509.Extension[] = [
      new x509.SubjectAlternativeNameExtension(alternatives),
      new x509.ExtendedKeyUsageExtension([usage]),
    ]
    if (wish.hasNoAuthorityKey !== true)
      extensions.push(await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey))
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: `0${++this.#count + 1}`,
      subject: `CN=${names[0] ?? 'nobody'}, O=cloaca`,
      issuer: wish.isSelfSigned === true ? `CN=${names[0] ?? 'nobody'}, O=cloaca` : this.#certificate.subject,
      notBefore: day(wish.fromDay ?? -1),
      notAfter: day(wish.toDay ?? 20),
      publicKey: keys.publicKey,
      signingKey: wish.isSelfSigned === true ? keys.privateKey : this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions,
    })
    return this.#write(certificate.toString('pem'), await pemOf(keys.privateKey))
  }

  #write(cert: string, key: string): CertificateFiles {
    const base = join(this.#folder, `certificate-${this.#count}`)
    const [certPath, keyPath] = [`${base}.pem`, `${base}.key`]
    writeFileSync(certPath, cert)
    writeFileSync(keyPath, key)
    return { cert, key, certPath, keyPath }
  }
}

function day(offset: number): Date {
  return new Date(Math.floor(performance.timeOrigin + performance.now()) + offset * DAY_MS)
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}
