/** Removes passwords from database URLs. Pure. Hides more if parsing fails: a password may contain "/" or "#". */

const HIDDEN = '…'

/** Returns the URL without its password. Other texts and SQLite URLs do not change. */
export function maskedUrl(url: string): string {
  const [, scheme, rest] = /^(\s*(?!sqlite:)[a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url) ?? []
  if (scheme === undefined || rest === undefined) return url
  return scheme + withoutUserPassword(rest).replace(/([?&](?:ssl)?password=)[^&]*/gi, `$1${HIDDEN}`)
}

/** Does the same for URLs within a text. */
export function withoutPasswords(text: string): string {
  return text.replace(/\bpostgres(?:ql)?:\/\/[^\s"'`<>]+/gi, maskedUrl)
}

/** `rest`: text after the two slashes. */
function withoutUserPassword(rest: string): string {
  const colon = rest.indexOf(':')
  if (colon < 0) return rest
  const at = lastAt(rest)
  if (at > colon) return rest.slice(0, colon + 1) + HIDDEN + rest.slice(at)
  const isPort = /^:\d*(?:[/?]|$)/.test(rest.slice(colon))
  const isAddress = /^[^/?]*\[[^\]]*\](?::\d*)?(?:[/?]|$)/.test(rest)
  if (isPort || isAddress || /[/?]/.test(rest.slice(0, colon))) return rest
  const end = rest.slice(colon).search(/[/?]/)
  return rest.slice(0, colon + 1) + HIDDEN + (end < 0 ? '' : rest.slice(colon + end))
}

/** Returns the index of the `@` after user and password, or -1. Ignores an `@` in a parameter. */
function lastAt(rest: string): number {
  const at = rest.lastIndexOf('@')
  const query = rest.search(/\?[a-z_]+=/i)
  return query >= 0 && query < at ? rest.lastIndexOf('@', query) : at
}
