/** Prefix of variables with secrets, which scripts and their child processes do not receive. Imports nothing. */

export const SECRET_PREFIX = 'CLOACA_SECRET_'

export function isSecretVariable(name: string): boolean {
  return name.startsWith(SECRET_PREFIX) && name.length > SECRET_PREFIX.length
}
