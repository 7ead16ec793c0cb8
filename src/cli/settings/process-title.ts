/** A database URL that was given on the command line stands in the list of processes, for everybody to read: without its password from then on. */

import { withoutPasswords } from '../../database/shown-url.ts'

/** Linux and macOS show the title in place of the words. Nothing is changed where no word has a password in it. */
export function hidePasswords(words: readonly string[]): void {
  const shown = words.map(withoutPasswords)
  if (shown.every((word, index) => word === words[index])) return
  process.title = ['cloaca', ...shown].join(' ')
}
