/** Messages between the engine's thread and a worker thread. */

export type ThreadAnswer<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly message: string }
