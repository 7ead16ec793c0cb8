/** Removes passwords of database URLs from the command line in the list of processes, which everybody can read. */

import { withoutPasswords } from '../../database/shown-url.ts'

/** Linux and macOS show the title instead of the words. Does nothing for words without passwords. */
export function hidePasswords(words: readonly string[]): void {
  const shown = words.map(withoutPasswords)
  if (shown.every((word, index) => word === words[index])) return
  process.title = ['cloaca', ...shown].join(' ')
}
