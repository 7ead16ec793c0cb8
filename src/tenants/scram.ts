/**
 * Passwords of users. Statements contain the SCRAM-SHA-256 verifier instead of the password, because a server may log
 * statements, show them in its activity and store them in its history.
 */

import { createHash, createHmac, pbkdf2, randomBytes, randomInt } from 'node:crypto'
import { promisify } from 'node:util'

/** Parameters of `\password` in psql. */
const ITERATIONS = 4_096
const SALT_BYTES = 16
const KEY_BYTES = 32
const GENERATED_CHARACTERS = 32
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export function generatedPassword(): string {
  return Array.from({ length: GENERATED_CHARACTERS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
}

/** Returns the verifier in the form of RFC 5803, which PostgreSQL uses. */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_BYTES)): Promise<string> {
  const salted = await promisify(pbkdf2)(prepared(password), salt, ITERATIONS, KEY_BYTES, 'sha256')
  const keyFor = (words: string): Buffer => createHmac('sha256', salted).update(words).digest()
  const storedKey = createHash('sha256').update(keyFor('Client Key')).digest('base64')
  const serverKey = keyFor('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/** Applies the mappings of SASLprep (RFC 4013), as server and clients do before they compare. */
function prepared(password: string): string {
  return password
    .replace(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu, ' ')
    .replace(/\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu, '')
    .normalize('NFKC')
}
