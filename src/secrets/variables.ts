/** The variables of the environment that hold secrets: neither scripts nor anything that they start have them. Imports nothing. */

export const SECRET_PREFIX = 'CLOACA_SECRET_'

export function isSecretVariable(name: string): boolean {
  return name.startsWith(SECRET_PREFIX) && name.length > SECRET_PREFIX.length
}
