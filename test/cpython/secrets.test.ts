/** Secrets under the system's CPython, in the output of child processes and in exceptions. */

import { expect, test } from 'vitest'
import { expectChildrenMasked, SECRET_OF_CHILDREN } from '../support/secretive-children.ts'
import { EXECUTABLE } from '../support/test-python.ts'

test('a secret is masked in the output of child processes and in the type of an exception', {
  tags: ['proof'],
}, async () => {
  const { everything } = await expectChildrenMasked(['--python', EXECUTABLE])

  expect(everything).toContain('Told_***')
  expect(everything).not.toContain(SECRET_OF_CHILDREN)
})
