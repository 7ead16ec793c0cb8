/** What the engine's thread and a worker thread send each other. */

export type ThreadAnswer<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly message: string }
