/** Script for tests of the page: a workflow with a schema of its input. */

import { workflow } from 'cloaca'
import { array, boolean, check, integer, maxLength, number, object, optional, picklist, pipe, string } from 'valibot'

const input = object({
  order_id: pipe(
    number(),
    integer(),
    check((id) => id % 2 === 1, 'must be odd'),
  ),
  customer: pipe(string(), maxLength(20)),
  speed: optional(picklist(['slow', 'fast']), 'slow'),
  gift: optional(boolean(), false),
  lines: optional(array(string()), []),
})

export const intake = workflow('intake', { input }).task('take', ({ order_id }) => ({ taken: order_id }))
