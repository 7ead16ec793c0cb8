/** Secrets under a CPython of the machine: what children and exceptions show of them. */

import { expect, test } from 'vitest'
import { expectChildrenMasked, SECRET_OF_CHILDREN } from '../support/secretive-children.ts'
import { EXECUTABLE } from '../support/test-python.ts'

test('neither the children of a task nor the type of its exception show a secret that it was given', async () => {
  const { everything } = await expectChildrenMasked(['--python', EXECUTABLE])

  expect(everything).toContain('Told_***')
  expect(everything).not.toContain(SECRET_OF_CHILDREN)
})
