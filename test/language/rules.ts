/**
 * Patterns of sentences that a newcomer reads twice, each with the better word. Pure; called for every text that
 * `texts.ts` finds. Patterns find the obvious cases only, so a text without a match may still be unclear.
 */

export type TextKind = 'comment' | 'docstring' | 'markdown' | 'message' | 'title'

export interface Finding {
  /** Offset in the text. */
  readonly at: number
  readonly found: string
  readonly advice: string
}

interface Rule {
  readonly pattern: RegExp
  readonly advice: string
  /** Kinds of texts that may contain the pattern. */
  readonly except?: readonly TextKind[]
  /** Decides with the words before a match; without it, each match is a finding. */
  readonly applies?: (before: string, after: string) => boolean
}

/** Verbs after which "what" begins an indirect question: "shows what is wrong". */
const ASKING =
  /\b(ask|assert|check|compare|count|decide|define|describe|determine|explain|find|guess|know|learn|list|log|mean|name|note|print|read|record|remember|repeat|report|say|see|show|state|tell|test|understand|wonder|write)(s|d|ed|n|ing)?\b( (out|down|on|about|of|it|them|you|us|users?|callers?|readers?))*\s*$|\b(knew|known|said|saw|seen|told|wrote|written|found|clear|unknown|matter|depends on|depending on|about)\s*$/i

/** Things of which several at the same time are meant by "at once". */
const SEVERAL = /\b(all|both|many|more|most|several|two|three|four|five|\d[\d,]*|[A-Z_]+|\w+s)\s*$/

const isQuestion = (after: string): boolean => /^[^.!;:]*\?/.test(after)

const word = (pattern: string, advice: string): Rule => ({
  pattern: new RegExp(`\\b(?:${pattern})\\b`, 'gi'),
  advice: `write ${advice}`,
})

const RULES: readonly Rule[] = [
  {
    pattern: /^(What|Whoever|Whatever|Those|Where|Of|One (of|that|with|which)|The same|As|Whose|It|Who|Which)\b/gi,
    advice: 'begin with the thing that is described, or with a verb: Returns, Starts, Maximum, Number of',
    except: ['markdown', 'message'],
    applies: (_before, after) => !isQuestion(after),
  },
  {
    pattern:
      /\b(what|whatever) (is|was|were|has|had|they|comes?|came|stands?|belongs?|counts?|lies|waits?|runs?|can|may)\b/gi,
    advice: 'name the thing: "queued tasks" for "what waits", "the result" for "what came of it"',
    applies: (before, after) => !ASKING.test(before) && !isQuestion(after),
  },
  {
    pattern: /\b(somebody(?! else\b)|whoever|(is|are|was|were) told|hears? of|has word|whose word|knows nothing)\b/gi,
    advice: 'use verbs for code: the caller, another engine; is notified, receives, stores',
  },
  {
    pattern:
      /(?<!\bthere )\b(is|are) (no (?!longer|more|less|need|way|use|default|limit|doubt|better|worse)[a-z]+|none\b)/gi,
    advice: 'write "is not a …"',
  },
  { ...word('no more(?! than)', '"no longer"'), applies: (_before, after) => !/^ (than|of|\w+s\b)/.test(after) },
  word('so many(?! that)', '"at most N"'),
  word('(behind|beyond) it', '"after it" or "more than that"'),
  word('counts? (again|more|instead|as|there|before|where)|counts?(?=[.;,])', '"applies" or "takes precedence"'),
  word('stands? (in|beside|there|under|above|below|behind|before)', '"is in" or "is next to"'),
  word('comes? to(?! an end)|came (to|of)', '"results in"'),
  word('anew|once more', '"again"'),
  { ...word('at once', '"immediately"'), applies: (before) => !SEVERAL.test(before) },
  word('(is|are|be|was|were) had(?! to)|(is|are|was|were) there again', '"is available" or "is back"'),
  word('held to|(is|are|was|were) held', '"is limited to", "is kept" or "is locked"'),
  word('meanwhile|thereby|whereby|of which', 'two sentences, or "while …"'),
  word("of the machine's", '"the system\'s CPython"'),
  word('looks? again', '"polls again"'),
  word('go(es)? on|went on', '"continues" or "resumes"'),
  word('(an|the|that|this|each|every) instant', '"a time" or "a timestamp"'),
  word('to the letter', '"verbatim" or "unchanged"'),
  word('troubles?', '"error" or "failure", with its cause'),
  word('(the|a|one|each|every|its) (door|visit|wish)', '"admission", "call" or "request"'),
]

/** Finds what to rewrite in one text: a paragraph, a message, a title. */
export function findIn(kind: TextKind, text: string): readonly Finding[] {
  return RULES.filter((rule) => !rule.except?.includes(kind)).flatMap(({ pattern, advice, applies }) =>
    [...text.matchAll(pattern)]
      .filter((match) => {
        const end = match.index + match[0].length
        return applies === undefined || applies(text.slice(0, match.index), text.slice(end))
      })
      .map((match) => ({ at: match.index, found: match[0], advice })),
  )
}
