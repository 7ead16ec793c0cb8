/** Certificates for the replacement of `trustme`, made by openssl. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const NAMES = 'subjectAltName=DNS:localhost,DNS:example.org,DNS:xn--fa-hia.de,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1'

/** Returns a folder with an authority, a certificate with names, one without, and an encrypted key of the first. */
export function makeCertificates(folder: string): string {
  if (existsSync(join(folder, 'leaf.encrypted.key'))) return folder
  mkdirSync(folder, { recursive: true })
  const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' })
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-days', '30']
  const authority = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/O=suites', ...authority)
  for (const [name, extensions] of [
    ['leaf', NAMES],
    ['nameless', 'basicConstraints=CA:FALSE'],
  ] as const) {
    openssl('req', ...newKey.slice(0, 3), '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost')
    writeFileSync(join(folder, `${name}.ext`), `${extensions}\n`)
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
  }
  openssl(
    'rsa',
    '-aes256',
    '-traditional',
    '-passout',
    'pass:password',
    '-in',
    'leaf.key',
    '-out',
    'leaf.encrypted.key',
  )
  return folder
}
