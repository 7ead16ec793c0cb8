/**
 * A database URL as people may see it: its password appears nowhere. Pure; whatever shows a URL goes through here. When in doubt, more is
 * hidden than needs to be: a URL that cannot be parsed is often one whose password has a "/" or a "#" in it.
 */

const HIDDEN = '…'

/** The URL without its password, wherever it stands in it. What is no URL, or one of SQLite, stays as it is. */
export function shownUrl(url: string): string {
  const [, scheme, rest] = /^(\s*(?!sqlite:)[a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url) ?? []
  if (scheme === undefined || rest === undefined) return url
  return scheme + withoutUserPassword(rest).replace(/([?&](?:ssl)?password=)[^&]*/gi, `$1${HIDDEN}`)
}

/** A text of others in which such URLs may stand. */
export function withoutPasswords(text: string): string {
  return text.replace(/\bpostgres(?:ql)?:\/\/[^\s"'`<>]+/gi, shownUrl)
}

/** `rest`: what stands behind the two slashes. */
function withoutUserPassword(rest: string): string {
  const colon = rest.indexOf(':')
  if (colon < 0) return rest
  const at = lastAt(rest)
  if (at > colon) return rest.slice(0, colon + 1) + HIDDEN + rest.slice(at)
  const isPort = /^:\d*(?:[/?]|$)/.test(rest.slice(colon))
  const isAddress = /^[^/?]*\[[^\]]*\](?::\d*)?(?:[/?]|$)/.test(rest)
  if (isPort || isAddress || /[/?]/.test(rest.slice(0, colon))) return rest
  // "user:password" whose "@host" was forgotten.
  const end = rest.slice(colon).search(/[/?]/)
  return rest.slice(0, colon + 1) + HIDDEN + (end < 0 ? '' : rest.slice(colon + end))
}

/** Of the user and the password; -1 where there are none. One in the value of a parameter is none. */
function lastAt(rest: string): number {
  const at = rest.lastIndexOf('@')
  const query = rest.search(/\?[a-z_]+=/i)
  return query >= 0 && query < at ? rest.lastIndexOf('@', query) : at
}
